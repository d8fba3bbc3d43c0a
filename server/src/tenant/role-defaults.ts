import { errorCode, quoteIdentifier, quoteLiteral } from "../database/client.ts";
import { connect, type Sql } from "../database/connect.ts";
import { pinnable } from "../database/session.ts";
import type { TenantRecord } from "../registry/tenant-record.ts";
import { TenantUnavailable } from "./errors.ts";

/**
 * Bounds on what even a leaked password can hold up, and the only ones behind a pooler, where sessions cannot
 * bring their own. Longer than our pools wait, so that they hear of a slow statement by its own time-out.
 */
export const sessionLimits = {
  statement_timeout: "5s",
  lock_timeout: "2s",
  idle_in_transaction_session_timeout: "10s",
} as const;

/** Of every tenant's role: what its sessions have that bring nothing along, as those behind a pooler. */
export const roleDefaults: Record<string, string> = {
  ...pinnable,
  ...sessionLimits,
};

/**
 * Statements by which the role gives itself its defaults: one by one, since it runs no program of its own.
 *
 * @param names of those that the server knows
 * @param database quoted; only there. Default: everywhere
 */
export function setDefaults(input: { names: readonly string[]; database?: string }): string[] {
  const whose = `alter role current_user${input.database ? ` in database ${input.database}` : ""}`;
  return Object.entries(roleDefaults)
    .filter(([name]) => input.names.includes(name))
    .map(([name, value]) => `${whose} set ${quoteIdentifier(name)} = ${quoteLiteral(value)}`);
}

/** PgBouncer sets it to what it saw in its first session there, whatever the role's is; no statement of ours reads one. */
const { IntervalStyle: _, ...observed } = roleDefaults;

/** Names of the settings that are otherwise in the session a statement happens to have. */
async function findOthers(sql: Sql): Promise<string[]> {
  try {
    const rows = await sql<{ name: string }[]>`
      select name from unnest(${Object.keys(observed)}::text[], ${Object.values(observed)}::text[]) as d (name, value)
      where current_setting(name, true) <> value`;
    return rows.map(({ name }) => name);
  } catch (error) {
    // query_canceled: nobody waits for it but the server.
    if (errorCode(error) === "57014") return ["statement_timeout"];
    throw error;
  }
}

/**
 * Behind a pooler: sees to it that the role's sessions have its defaults. Somebody may have given role or database
 * others since it was made; the role may give itself what stands above them, and end its sessions that began before.
 *
 * @param sql through the pooler
 * @param url the same
 * @throws TenantUnavailable when they still have others then
 */
export async function requireRoleDefaults(input: {
  sql: Sql;
  url: string;
  record: Pick<TenantRecord, "id" | "database">;
}): Promise<void> {
  const { sql, url, record } = input;
  let others = await findOthers(sql);
  // Another process may be at it: then one of the two is refused, or its session ended.
  for (let tries = 0; others.length > 0 && tries < 3; tries++) {
    await giveDefaults({ url, database: quoteIdentifier(record.database.name) }).catch(() => {});
    others = await findOthers(sql);
  }
  if (others.length === 0) return;
  throw new TenantUnavailable(
    `sessions of the role ${record.database.role} have other defaults than it was given: ${others.join(", ")}`,
  );
}

async function giveDefaults(input: { url: string; database: string }): Promise<void> {
  // Its session is among those that end.
  const sql = connect({ url: input.url, max: 1, behindPooler: true });
  try {
    const known = await sql<{ name: string }[]>`
      select name from unnest(${Object.keys(roleDefaults)}::text[]) as d (name)
      where current_setting(name, true) is not null`;
    const names = known.map(({ name }) => name);
    const set = setDefaults({ names, database: input.database }).join(";");
    await sql.unsafe(`begin read write; set local statement_timeout = 0; ${set}; commit`);
    await sql`
      select pg_terminate_backend(pid) from pg_stat_activity
      where usename = current_user and datname = current_database()
      order by pid = pg_backend_pid()`;
  } finally {
    await sql.end({ timeout: 1 });
  }
}
