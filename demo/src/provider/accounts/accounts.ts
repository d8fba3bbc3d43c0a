import { randomBytes } from "node:crypto";
import type { Sql } from "../database/database.ts";

export interface Account {
  id: string;
  name: string;
  webhookUrl: string;
  secretKey: string;
  publishableKey: string;
  /** `whsec_` and 32 bytes in base64, as Standard Webhooks writes a symmetric secret. */
  webhookSecret: string;
  /** Origins that may frame its card and challenge pages; null: it has never said. */
  origins: string[] | null;
}

/** Makes the account, or finds the one of that name: same id and keys, webhooks go to the new URL, origins if given. */
export async function openAccount({
  sql,
  input,
}: {
  sql: Sql;
  input: { name: string; webhookUrl: string; origins?: string[] | undefined };
}): Promise<Account> {
  const [account] = await sql<[Account]>`
    insert into accounts (id, name, webhook_url, secret_key, publishable_key, webhook_secret, origins)
    values (${newId("acct")}, ${input.name}, ${input.webhookUrl}, ${newId("sk")}, ${newId("pk")},
            ${`whsec_${randomBytes(32).toString("base64")}`}, ${input.origins ?? null}::text[])
    on conflict (name) do update set webhook_url = excluded.webhook_url,
      origins = coalesce(excluded.origins, accounts.origins)
    returning id, name, webhook_url, secret_key, publishable_key, webhook_secret, origins`;
  return account;
}

/** From now on these alone may frame its pages. */
export async function allowOrigins({
  sql,
  input,
}: {
  sql: Sql;
  input: { accountId: string; origins: string[] };
}): Promise<void> {
  await sql`update accounts set origins = ${input.origins}::text[] where id = ${input.accountId}`;
}

export async function accountBySecretKey(sql: Sql, key: string): Promise<Account | undefined> {
  const [account] = await sql<Account[]>`select * from accounts where secret_key = ${key}`;
  return account;
}

export async function accountByPublishableKey(sql: Sql, key: string): Promise<Account | undefined> {
  const [account] = await sql<Account[]>`select * from accounts where publishable_key = ${key}`;
  return account;
}

/** `ch_3kTMd…`: a prefix that says what it is, and 18 random bytes in base64url. */
export function newId(prefix: string): string {
  return `${prefix}_${randomBytes(18).toString("base64url")}`;
}
