import { startupParameters } from "@clarity/server/database-session";
import postgres from "postgres";
import type { Secrets } from "./secrets.ts";

export type StandIn = keyof Secrets["databasePasswords"];

/**
 * A database and a login role of its own for each stand-in: nothing of theirs can reach a tenant's,
 * and nothing of a tenant's theirs.
 * @returns their URLs
 */
export async function ensureStandInDatabases(
  adminUrl: string,
  passwords: Secrets["databasePasswords"],
): Promise<Record<StandIn, string>> {
  const connection = startupParameters({ behindPooler: false, session: {} });
  const sql = postgres(adminUrl, { max: 1, fetch_types: false, onnotice: () => {}, connection });
  const urls: Partial<Record<StandIn, string>> = {};
  const [own] =
    await sql`select pg_encoding_to_char(encoding) as name from pg_database where datname = 'template0'`;
  const encoding = own?.name === "UTF8" ? "" : "template template0 encoding 'UTF8' locale 'C'";
  try {
    for (const [standIn, password] of Object.entries(passwords) as [StandIn, string][]) {
      const name = `demo_${standIn}`;
      const [role] = await sql`select 1 from pg_roles where rolname = ${name}`;
      // Our own random base64url: nothing in it to quote.
      const login = `login password '${password}'`;
      await sql.unsafe(`${role ? "alter" : "create"} role ${name} ${login}`);
      if (!role) await sql.unsafe(`grant ${name} to current_user`);
      const [database] = await sql`select 1 from pg_database where datname = ${name}`;
      if (!database) await sql.unsafe(`create database ${name} owner ${name} ${encoding}`);
      // Every role may enter a new database, a tenant's too.
      await sql.unsafe(`revoke all on database ${name} from public`);
      const url = new URL(adminUrl);
      url.username = name;
      url.password = password;
      url.pathname = `/${name}`;
      urls[standIn] = url.href;
    }
    return urls as Record<StandIn, string>;
  } finally {
    await sql.end({ timeout: 2 });
  }
}
