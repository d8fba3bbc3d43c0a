import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { freePort } from "@clarity/server/testing";

/** A `redis-server` of one's own, nothing on disk. `start` again after `kill`: the same port, empty. */
export interface TestRedis {
  url: string;
  start(): Promise<void>;
  /** With SIGKILL. */
  kill(): Promise<void>;
}

/** @throws Error when there is no `redis-server` on the PATH: Debian's package of that name has it */
export async function testRedis(): Promise<TestRedis> {
  const port = await freePort();
  let child: ChildProcess | null = null;
  const redis: TestRedis = {
    url: `redis://127.0.0.1:${port}`,
    async start() {
      const args = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
      child = spawn("redis-server", args, { stdio: ["ignore", "pipe", "inherit"] });
      const failed = once(child, "error").then(([error]) => {
        throw error;
      });
      await Promise.race([ready(child), failed]);
    },
    async kill() {
      if (!child || child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, "exit");
      child.kill("SIGKILL");
      await gone;
    },
  };
  await redis.start();
  return redis;
}

async function ready(child: ChildProcess): Promise<void> {
  if (!child.stdout) throw new Error("unreachable: stdout is piped");
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.includes("Ready to accept connections")) {
      child.stdout.resume();
      return;
    }
  }
  throw new Error("redis-server ended before it was ready");
}
