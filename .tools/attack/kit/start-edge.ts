import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";

const script = fileURLToPath(new URL("../../../bff/src/testing/edge-child.ts", import.meta.url));

export interface AttackedEdge {
  port: number;
  /** Held by what is in use, bytes. */
  memoryBytes(): Promise<number>;
  /** Its log lines so far. */
  logged(): Promise<Record<string, unknown>[]>;
  close(): Promise<void>;
}

/** Told to `bff/src/testing/edge-child.ts`. */
export interface EdgeStart {
  /** Of its `EdgeOptions`, what JSON can say. */
  edge?: object;
  /** Variables of its environment. */
  variables?: Readonly<Record<string, string>>;
  /** How long a style sheet is. */
  answerBytes?: number;
}

/** An edge over a fake server, as a process with a small heap: what breaks it breaks only it. */
export async function startEdge(start: EdgeStart = {}): Promise<AttackedEdge> {
  const child = spawn(process.execPath, ["--max-old-space-size=256", "--expose-gc", script], {
    env: { ...process.env, EDGE_OPTIONS: JSON.stringify(start) },
    stdio: ["ignore", "pipe", "inherit", "ipc"],
  });
  const lines = createInterface({ input: child.stdout as Readable });
  const gone = once(child, "exit");
  const died = gone.then(() => Promise.reject(new Error("the edge died")));
  died.catch(() => {});
  const ask = async <Told>(what: "memory" | "log"): Promise<Told> => {
    const answer = new Promise<Told>((resolve) => child.once("message", (told) => resolve(told as Told)));
    if (child.connected) child.send(what);
    return Promise.race([answer, died]);
  };
  const [line] = (await Promise.race([once(lines, "line"), died])) as [string];
  return {
    port: (JSON.parse(line) as { port: number }).port,
    memoryBytes: () => ask("memory"),
    logged: () => ask("log"),
    async close() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGKILL");
      await gone;
    },
  };
}
