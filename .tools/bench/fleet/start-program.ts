/** The server or the edge as a process of its own. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";

export interface Program {
  port: number;
  stop(): Promise<void>;
}

/** @param script as it is imported, such as `@clarity/server/main` */
export async function startProgram(input: {
  script: string;
  port: number;
  env: Record<string, string>;
}): Promise<Program> {
  const { port, env } = input;
  const script = fileURLToPath(import.meta.resolve(input.script));
  const child = spawn(process.execPath, [script], {
    env: { ...env, PORT: String(port) },
    stdio: ["ignore", "inherit", "inherit"],
  });
  while (!(await answers(port))) {
    if (child.exitCode !== null) throw new Error(`${input.script} ended with ${child.exitCode}`);
    await delay(50);
  }
  return {
    port,
    async stop() {
      child.kill();
      if (child.exitCode === null) await once(child, "exit");
    },
  };
}

const answers = (port: number) =>
  fetch(`http://127.0.0.1:${port}/healthz`).then(
    ({ ok }) => ok,
    () => false,
  );
