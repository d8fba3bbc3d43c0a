import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { testDatabase } from "../../testing/postgres.ts";

const main = fileURLToPath(new URL("../../../../demo/src/provider/main.ts", import.meta.url));
const origin = "http://sandbox.test";

export type Account = { secretKey: string; publishableKey: string; webhookSecret: string };
export type SandboxProcess = Awaited<ReturnType<typeof startSandboxProcess>>;

/** The real sandbox provider: a process of its own, spoken to over HTTP alone. */
export async function startSandboxProcess() {
  const database = await testDatabase();
  const cardFrameDir = await mkdtemp(join(tmpdir(), "card-frame-"));
  await writeFile(join(cardFrameDir, "card-frame.js"), "");
  const adminKey = randomUUID();
  const child = spawn(process.execPath, [main], {
    env: {
      PATH: process.env.PATH,
      PORT: "0",
      DATABASE_URL: database.url,
      ADMIN_KEY: adminKey,
      PUBLIC_ORIGIN: origin,
      CARD_FRAME_DIR: cardFrameDir,
      FRAME_ANCESTORS: "http://127.0.0.1:*",
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const url = await new Promise<string>((resolve, reject) => {
    let output = "";
    child.stdout.on("data", (chunk) => {
      output += chunk;
      const ready = /provider ready (\S+)/.exec(output)?.[1];
      if (ready) resolve(ready);
    });
    child.once("exit", (code) => reject(new Error(`the sandbox provider ended with ${code}`)));
  });

  const post = async <T = unknown>(
    path: string,
    { key, body, headers }: { key: string; body: unknown; headers?: object },
  ) => {
    const response = await fetch(url + path, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  };

  return {
    url,
    adminKey,
    account: (name: string): Promise<Account> =>
      post<Account>("/v1/accounts", { key: adminKey, body: { name, webhookUrl: "http://127.0.0.1:9/" } }),
    fault: (
      mode: string,
      { remaining = 1, operation = null }: { remaining?: number; operation?: string | null } = {},
    ): Promise<unknown> => post("/v1/faults", { key: adminKey, body: { mode, remaining, operation } }),
    /** Tokenises as the card frame does. */
    async token(account: Account, number: string): Promise<string> {
      const body = { number, expiryMonth: 12, expiryYear: new Date().getUTCFullYear() + 2, cvc: "123" };
      return (
        await post<{ token: string }>("/v1/tokens", {
          key: account.publishableKey,
          body,
          headers: { origin },
        })
      ).token;
    },
    /** Every charge of an account, as the provider's own books have it. */
    async charges(account: Account): Promise<{ reference: string; captured: string; refunded: string }[]> {
      const headers = { authorization: `Bearer ${account.secretKey}` };
      const response = await fetch(`${url}/v1/charges`, { headers });
      return ((await response.json()) as { data: [] }).data;
    },
    /** Presses a button on the challenge page. */
    async decide(challengeUrl: string, success: boolean): Promise<void> {
      const { pathname, searchParams } = new URL(challengeUrl);
      const decision = success ? "approve" : "decline";
      const response = await fetch(url + pathname, {
        method: "POST",
        headers: { origin },
        body: new URLSearchParams({ t: searchParams.get("t") ?? "", decision }),
      });
      if (!response.ok) throw new Error(`challenge: ${response.status} ${await response.text()}`);
    },
    async close() {
      child.removeAllListeners("exit");
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      await ended;
      await rm(cardFrameDir, { recursive: true });
      await database.close();
    },
  };
}
