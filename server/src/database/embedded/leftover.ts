import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { commandLine, identify, waitUntilGone } from "./processes.ts";

/**
 * Makes a cluster startable again after its owner was killed: stops a server that still runs on it
 * and removes a lock file whose process number now belongs to somebody else.
 */
export async function stopLeftover(cluster: string): Promise<void> {
  const lockFile = join(cluster, "postmaster.pid");
  const pid = readPid(lockFile);
  if (pid === null) return;
  const postmaster = identify(pid);
  if (postmaster && commandLine(pid).includes(cluster)) {
    await stopServer(pid);
  }
  rmSync(lockFile, { force: true });
}

/** Fast shutdown (rolls back what is open), then harder; at most 9 s. */
export async function stopServer(pid: number): Promise<void> {
  const postmaster = identify(pid);
  if (!postmaster) return;
  // PostgreSQL: SIGINT fast, SIGQUIT immediate (recovers from the log at the next start).
  for (const [signal, timeoutMs] of [
    ["SIGINT", 5_000],
    ["SIGQUIT", 3_000],
    ["SIGKILL", 1_000],
  ] as const) {
    try {
      process.kill(pid, signal);
    } catch {
      return;
    }
    if (await waitUntilGone(postmaster, timeoutMs)) return;
  }
  throw new Error(`the PostgreSQL server with process id ${pid} does not stop`);
}

function readPid(lockFile: string): number | null {
  try {
    const pid = Number.parseInt(readFileSync(lockFile, "utf8"), 10);
    return pid > 0 ? pid : null;
  } catch {
    return null;
  }
}
