import { connect } from "../../database/client.ts";
import { bad, type Finding, fine, note, reasonOf } from "../../doctor/finding.ts";
import { administratorUrl } from "../placement/database-servers.ts";
import type { Operator } from "../provisioning/operator.ts";
import type { BackupSettings } from "./settings.ts";
import { findLeftScratch } from "./sweep-scratch.ts";

/** A server whose archive is further behind than this loses more than we promise, s. */
const longestArchiveTimeoutS = 900;

/**
 * What is wrong with backups: tenants whose last one is older than two intervals, or whose last try failed,
 * database servers whose WAL does not reach the archive, and what killed commands have left. Changes nothing.
 */
export async function backupFindings({
  ctx,
  settings,
}: {
  ctx: Operator;
  settings: BackupSettings;
}): Promise<Finding[]> {
  const servers = await ctx.registry.sql<{ name: string }[]>`select name from database_servers order by name`;
  const archives = [null, ...servers].map((server) => archiveFinding({ ctx, server }));
  const left = (await findLeftScratch({ ctx, settings })).map((name) =>
    bad(
      `${name} was left by a drill, a check or a restore that was killed`,
      "it holds rows that nobody looks after",
      "clarity backup prune",
    ),
  );
  return [...(await tenantFindings(ctx, settings)), ...(await Promise.all(archives)), ...left];
}

interface Row {
  slug: string;
  ever: boolean;
  stale: boolean;
  last: Date | null;
  failure: string | null;
}

async function tenantFindings(ctx: Operator, settings: BackupSettings): Promise<Finding[]> {
  const rows = await ctx.registry.sql<Row[]>`
    select t.slug, exists (select from backups) as ever, done.at as last, tried.failure,
      coalesce(done.at, t.created_at) < clock_timestamp() - make_interval(secs => ${(2 * settings.intervalMs) / 1_000}) as stale
    from tenants t
    left join lateral (
      select max(snapshot_at) as at from backups where tenant_id = t.id and finished_at is not null) done on true
    left join lateral (
      select failure from backups where tenant_id = t.id order by started_at desc limit 1) tried on true
    where t.status in ('active', 'suspended', 'moving') order by t.slug`;
  if (!rows[0]?.ever) return [notMade];
  const wrong = rows.filter(({ stale, failure }) => stale || failure !== null);
  if (wrong.length === 0) return [fine(`${rows.length} tenants have a recent backup`)];
  return wrong.map(({ slug, last, failure }) =>
    bad(
      `${slug}: ${last ? `last backup of ${last.toISOString()}` : "no backup"}${failure ? `, the last try failed: ${failure}` : ""}`,
      "what happens to its database meanwhile is lost with it",
      `clarity backup create ${slug}`,
    ),
  );
}

const notMade = note(
  "no logical backups are made",
  "a tenant whose database is lost is lost",
  "set CLARITY_BACKUP_DIR for the servers, or run clarity backup create --all daily",
);

interface Archiver {
  mode: string;
  timeout: number;
  failing: string | null;
  failures: number;
}

async function archiveFinding({
  ctx,
  server,
}: {
  ctx: Operator;
  server: { name: string } | null;
}): Promise<Finding> {
  const name = server ? `database server ${server.name}` : "the registry's database server";
  const sql = connect({ url: await administratorUrl({ ctx, server }), max: 1 });
  try {
    const [row] = await sql<Archiver[]>`
      select current_setting('archive_mode') as mode, failed_count::int as failures,
        (select setting::int from pg_settings where name = 'archive_timeout') as timeout,
        case when last_failed_time > coalesce(last_archived_time, '-infinity') then last_failed_wal end as failing
      from pg_stat_archiver`;
    return judge(name, row);
  } catch (error) {
    return bad(`${name}: ${reasonOf(error)}`, "nobody knows whether its WAL is archived", "is it running?");
  } finally {
    await sql.end({ timeout: 2 });
  }
}

function judge(name: string, archiver: Archiver | undefined): Finding {
  if (!archiver || archiver.mode === "off") {
    return note(
      `${name} archives no WAL`,
      "none of its tenants can be brought back to an instant",
      "archive it with pgBackRest: server/src/tenants/backup/README.md",
    );
  }
  if (archiver.failing) {
    return bad(
      `${name}: archiving fails at ${archiver.failing}, ${archiver.failures} times so far`,
      "a crash loses what happened since, and its disk fills until it works",
      "see its log for what archive_command says",
    );
  }
  if (archiver.timeout === 0 || archiver.timeout > longestArchiveTimeoutS) {
    return bad(
      `${name}: archive_timeout is ${archiver.timeout} s`,
      "a crash may lose more than 15 min",
      `set it to ${longestArchiveTimeoutS} or less`,
    );
  }
  return fine(`${name} archives its WAL at least every ${archiver.timeout} s`);
}
