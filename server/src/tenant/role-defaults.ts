import { quoteIdentifier, quoteLiteral } from "../database/client.ts";
import { connect } from "../database/connect.ts";
import { pinnable, pinned } from "../database/session.ts";
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
  // Its session is among those that end.
  const sql = connect({ url: input.url, max: 1, behindPooler: true });
  const database = quoteIdentifier(input.record.database.name);
  const pin = pinned({ role: "current_user", database, settings: roleDefaults });
  try {
    await sql.unsafe(`begin read write; set local statement_timeout = 0; ${pin}; commit`);
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
