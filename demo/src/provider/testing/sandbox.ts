import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestDatabase, testDatabase } from "@clarity/server/testing";
import postgres from "postgres";
import type { Account } from "../accounts/accounts.ts";
import type { ProviderConfig } from "../config.ts";
import { type Provider, startProvider } from "../provider.ts";
import { Merchant } from "./merchant.ts";

export const adminKey = "admin_test";
export const frameScript = "addEventListener('message', () => {});\n";

/** A running provider on a database of its own, for one test file. */
export interface Sandbox {
  readonly url: string;
  readonly config: ProviderConfig;
  /** A second pair of eyes on the provider's database. */
  readonly sql: postgres.Sql;
  /** A new account, or the one of that name. */
  merchant(name: string, webhookUrl?: string): Promise<Merchant>;
  setFault(fault: { mode: string; remaining?: number; operation?: string }): Promise<void>;
  close(): Promise<void>;
}

/** Nobody listens there: deliveries fail at once. */
const deadUrl = "http://127.0.0.1:9/";

export async function startSandbox(): Promise<Sandbox> {
  const { config, database, cardFrameDir } = await prepare();
  const provider: Provider = await startProvider(config, { hangMs: 200, lateMs: 300 });
  const sql = postgres(database.url, { max: 2, onnotice: () => {} });
  return {
    url: provider.url,
    config,
    sql,
    merchant: (name, webhookUrl) => openMerchant(provider.url, { name, webhookUrl: webhookUrl ?? deadUrl }),
    async setFault(fault) {
      const response = await postAsAdmin(`${provider.url}/v1/faults`, fault);
      if (!response.ok) throw new Error(await response.text());
    },
    async close() {
      await provider.close();
      await sql.end();
      await database.close();
      await rm(cardFrameDir, { recursive: true });
    },
  };
}

/** What a provider needs to start. */
export async function prepare(): Promise<{
  config: ProviderConfig;
  database: TestDatabase;
  cardFrameDir: string;
}> {
  const database = await testDatabase();
  const cardFrameDir = await mkdtemp(join(tmpdir(), "card-frame-"));
  await writeFile(join(cardFrameDir, "card-frame.js"), frameScript);
  const config: ProviderConfig = {
    host: "127.0.0.1",
    port: 0,
    databaseUrl: database.url,
    adminKey,
    publicOrigin: "http://sandbox.test",
    cardFrameDir,
    frameAncestors: ["http://*.localhost:*", "http://127.0.0.1:*"],
  };
  return { config, database, cardFrameDir };
}

export async function openMerchant(
  url: string,
  input: { name: string; webhookUrl: string },
): Promise<Merchant> {
  const response = await postAsAdmin(`${url}/v1/accounts`, input);
  if (!response.ok) throw new Error(await response.text());
  return new Merchant(url, (await response.json()) as Account);
}

function postAsAdmin(url: string, body: unknown): Promise<Response> {
  const headers = { authorization: `Bearer ${adminKey}`, "content-type": "application/json" };
  return fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
}
