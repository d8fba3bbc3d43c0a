/** A server under measurement as a child process of its own. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { Stage } from "./stage.ts";

export interface MeasuredServer {
  port: number;
  /** What the bare server takes for a session. */
  token: string | undefined;
  /** Resident, after a collection where `--expose-gc` is among its arguments. */
  memoryBytes(): Promise<number>;
  stop(): void;
}

/** @param file beside this one, such as `serve-layers.ts` */
export async function startServer(
  file: string,
  stage: Stage,
  { args = [], nodeArgs = [] }: { args?: string[]; nodeArgs?: string[] } = {},
): Promise<MeasuredServer> {
  const script = fileURLToPath(new URL(file, import.meta.url));
  const child = spawn(process.execPath, [...nodeArgs, script, JSON.stringify(stage), ...args], {
    stdio: ["ignore", "pipe", "inherit", "ipc"],
  });
  const [line] = (await once(createInterface({ input: child.stdout as Readable }), "line")) as [string];
  const { port, token } = JSON.parse(line) as { port: number; token?: string };
  return {
    port,
    token,
    stop: () => child.kill(),
    async memoryBytes() {
      child.send("memory");
      const [{ rssBytes }] = (await once(child, "message")) as [{ rssBytes: number }];
      return rssBytes;
    },
  };
}
