import { quoteIdentifier, quoteLiteral } from "../database/client.ts";
import { connect } from "../database/connect.ts";
import { pinnable } from "../database/session.ts";
import type { TenantRecord } from "../registry/tenant-record.ts";

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

/** SQL: the names of those that are otherwise in the session a statement happens to have. Without parameters it is asked in one go. */
export const otherDefaults = `array(
  select name from (values ${Object.entries(observed)
    .map((pair) => `(${pair.map(quoteLiteral).join(", ")})`)
    .join(", ")}) as d (name, value) where current_setting(name, true) <> value)`;

/**
 * Behind a pooler, when somebody has given role or database other defaults since it was made: the role gives itself what
 * stands above them, and ends its sessions that began before.
 *
 * @param url through the pooler
 */
export async function giveDefaults(input: {
  url: string;
  record: Pick<TenantRecord, "database">;
}): Promise<void> {
  const database = quoteIdentifier(input.record.database.name);
  // Its session is among those that end.
  const sql = connect({ url: input.url, max: 1, behindPooler: true });
  try {
    // In one message each, for a time-out may be too short for two; what may be unknown there by itself.
    const { transaction_timeout: _, ...everywhere } = roleDefaults;
    for (const names of [["transaction_timeout"], Object.keys(everywhere)]) {
      const set = setDefaults({ names, database }).join(";");
      await sql
        .unsafe(`rollback; begin read write; set local statement_timeout = 0; ${set}; commit`)
        .catch(() => {});
    }
    await sql`
      select pg_terminate_backend(pid) from pg_stat_activity
      where usename = current_user and datname = current_database()
      order by pid = pg_backend_pid()`;
  } catch {
    // Ended by itself, or another process was at it: whoever asks next sees what came of it.
  } finally {
    await sql.end({ timeout: 1 });
  }
}
