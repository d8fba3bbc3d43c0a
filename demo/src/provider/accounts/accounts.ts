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
}

/** Makes the account, or finds the one of that name: same id and keys, webhooks go to the new URL. */
export async function openAccount({
  sql,
  input,
}: {
  sql: Sql;
  input: { name: string; webhookUrl: string };
}): Promise<Account> {
  const [account] = await sql<[Account]>`
    insert into accounts (id, name, webhook_url, secret_key, publishable_key, webhook_secret)
    values (${newId("acct")}, ${input.name}, ${input.webhookUrl}, ${newId("sk")}, ${newId("pk")},
            ${`whsec_${randomBytes(32).toString("base64")}`})
    on conflict (name) do update set webhook_url = excluded.webhook_url
    returning id, name, webhook_url, secret_key, publishable_key, webhook_secret`;
  return account;
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
