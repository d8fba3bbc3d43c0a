import { type ChildProcess, spawn } from "node:child_process";

/**
 * Shuts the server down when its owner is gone without having stopped it, as after a kill -9: the
 * pipe to this small shell closes then. In a session of its own, so that Ctrl-C does not reach it.
 */
export function guard(server: ChildProcess): void {
  if (server.pid === undefined) return;
  // SIGINT is PostgreSQL's fast shutdown. Who ends everything by pid shall not end the guard first.
  const script = 'trap "" HUP INT TERM; read -r _; kill -INT "$1"';
  const watcher = spawn("/bin/sh", ["-c", script, "sh", String(server.pid)], {
    cwd: "/",
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  // Without it the next start stops the server, as `stopLeftover` says.
  watcher.on("error", () => {});
  watcher.unref();
  server.once("exit", () => watcher.kill("SIGKILL"));
}
