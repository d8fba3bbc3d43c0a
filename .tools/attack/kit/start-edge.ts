import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";

const script = fileURLToPath(new URL("../../../bff/src/testing/edge-child.ts", import.meta.url));

export interface AttackedEdge {
  port: number;
  child: ChildProcess;
  /** Resident, bytes. */
  memoryBytes(): Promise<number>;
  close(): Promise<void>;
}

/** An edge over a fake server, as a process with a small heap: what breaks it breaks only it. */
export async function startEdge({
  options = {},
  heapMiB = 256,
}: {
  options?: object;
  heapMiB?: number;
} = {}): Promise<AttackedEdge> {
  const child = spawn(process.execPath, [`--max-old-space-size=${heapMiB}`, script], {
    env: { ...process.env, EDGE_OPTIONS: JSON.stringify(options) },
    stdio: ["ignore", "pipe", "inherit", "ipc"],
  });
  const lines = createInterface({ input: child.stdout as Readable });
  const failed = once(child, "exit").then(() => Promise.reject(new Error("the edge did not start")));
  const [line] = (await Promise.race([once(lines, "line"), failed])) as [string];
  failed.catch(() => {});
  return {
    port: (JSON.parse(line) as { port: number }).port,
    child,
    async memoryBytes() {
      child.send("memory");
      const [answer] = (await once(child, "message")) as [{ rssBytes: number }];
      return answer.rssBytes;
    },
    async close() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, "exit");
      child.kill("SIGKILL");
      await gone;
    },
  };
}
