import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { ProviderConfig } from "../config.ts";

/** main.ts as it is run in earnest. */
export interface ProviderProcess {
  readonly url: string;
  /** Everything it printed so far, both streams. */
  output(): string;
  /** Sends the signal and waits for the end. */
  end(signal: "SIGTERM" | "SIGKILL"): Promise<{ code: number | null; tookMs: number }>;
}

export async function startProcess(config: ProviderConfig): Promise<ProviderProcess> {
  const { child, output } = spawnMain({
    HOST: config.host,
    PORT: String(config.port),
    DATABASE_URL: config.databaseUrl,
    ADMIN_KEY: config.adminKey,
    PUBLIC_ORIGIN: config.publicOrigin,
    CARD_FRAME_DIR: config.cardFrameDir,
    FRAME_ANCESTORS: config.frameAncestors.join(" "),
  });
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout?.on("data", () => {
      const ready = /^provider ready (\S+)$/m.exec(output());
      if (ready?.[1]) resolve(ready[1]);
    });
    child.once("exit", () => reject(new Error(output())));
  });
  return {
    url,
    output,
    async end(signal) {
      const started = performance.now();
      const exited = once(child, "exit");
      child.kill(signal);
      const [code] = (await exited) as [number | null];
      return { code, tookMs: performance.now() - started };
    },
  };
}

/** main.ts with nothing in its environment but `env`. */
export function spawnMain(env: Record<string, string>): { child: ChildProcess; output: () => string } {
  const main = fileURLToPath(new URL("../main.ts", import.meta.url));
  const child = spawn(process.execPath, [main], { env, stdio: ["ignore", "pipe", "pipe"] });
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      printed += text;
    });
  }
  return { child, output: () => printed };
}
