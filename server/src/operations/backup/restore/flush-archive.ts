import { setTimeout as delay } from "node:timers/promises";
import { connect, type Sql } from "../../../database/connect.ts";
import { InstantUnreachable } from "./errors.ts";

/** A server writes a segment of 16 MB away in well under a second; a slow repository gets this long, ms. */
const timeoutMs = 120_000;

/**
 * Sees to it that a server's archive reaches beyond this moment, so that it can be recovered to any instant
 * before: writes one more commit, ends the WAL segment, and waits until the archive has it.
 *
 * @throws InstantUnreachable when its archiving fails
 */
export async function flushArchive({ adminUrl }: { adminUrl: string }): Promise<void> {
  const sql = connect({ url: adminUrl, max: 1 });
  try {
    await sql`select pg_logical_emit_message(true, 'pay-recovery', '')`;
    const [row] = await sql<{ segment: string }[]>`select pg_walfile_name(pg_switch_wal()) as segment`;
    if (!row) throw new Error("unreachable: one row");
    await untilArchived({ sql, segment: row.segment, timeoutMs });
  } finally {
    await sql.end({ timeout: 2 });
  }
}

/** @throws InstantUnreachable */
export async function untilArchived(input: { sql: Sql; segment: string; timeoutMs: number }): Promise<void> {
  const { sql, segment } = input;
  const deadline = Date.now() + input.timeoutMs;
  for (;;) {
    const [archiver] = await sql<{ last: string | null; failed: string | null }[]>`
      select last_archived_wal as last,
        case when last_failed_time > coalesce(last_archived_time, '-infinity') then last_failed_wal end as failed
      from pg_stat_archiver`;
    if (archiver?.last && archiver.last.slice(0, 24) >= segment) return;
    if (Date.now() > deadline) {
      const why = archiver?.failed ? `archive_command fails at ${archiver.failed}` : "the archiver is behind";
      throw new InstantUnreachable(`WAL segment ${segment} does not reach the archive: ${why}`);
    }
    await delay(100);
  }
}
