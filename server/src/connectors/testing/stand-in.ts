import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { testDatabase } from "../../testing/index.ts";
import type { ErpUnderTest } from "../conformance.ts";

const modes = { unavailable: "error_503", throttled: "throttle", lose_answer: "lose_answer" } as const;

/** A stand-in ERP of the demo, as a process of its own with a database of its own. Tests only. */
export async function startStandIn(name: "netsuite" | "d365", env: Record<string, string>) {
  const database = await testDatabase();
  const main = fileURLToPath(new URL(`../../../../demo/src/${name}/main.ts`, import.meta.url));
  const child = spawn(process.execPath, [main], {
    // Two seconds of latency in all would be spent on nothing here.
    env: {
      ...env,
      DATABASE_URL: database.url,
      HOST: "127.0.0.1",
      PORT: "0",
      LATENCY_MS: "1",
      PATH: process.env.PATH,
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const url = await readyUrl(child, name);
  const ask = async (path: string, body?: unknown) => {
    const response = await fetch(`${url}${path}`, {
      ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
      headers: { "content-type": "application/json" },
    });
    if (!response.ok) throw new Error(`${name} ${path}: ${response.status} ${await response.text()}`);
    const text = await response.text();
    return text === "" ? null : JSON.parse(text);
  };
  const shared = {
    fail: (mode, on) => ask("/demo/faults", { mode: modes[mode], remaining: 1, on }),
    payElsewhere: (id) => ask(`/demo/invoices/${encodeURIComponent(id)}/pay-in-full`, {}),
    endTokens: () => ask("/demo/expire-tokens", {}),
    reset: async () => {
      await ask("/demo/faults", { mode: "none", remaining: 0 });
      await ask("/demo/reset", {});
    },
    close: async () => {
      child.kill("SIGTERM");
      if (child.exitCode === null) await once(child, "exit");
      await database.close();
    },
  } satisfies Partial<ErpUnderTest>;
  return { url, ask, shared };
}

async function readyUrl(child: ChildProcess, name: string): Promise<string> {
  if (!child.stdout) throw new Error("no output to read");
  for await (const line of createInterface({ input: child.stdout })) {
    const url = / ready (http\S+)/.exec(line)?.[1];
    if (url) return url;
  }
  throw new Error(`the ${name} stand-in ended before it was ready`);
}
