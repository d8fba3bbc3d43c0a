import { bad, type Finding, fine, note } from "../finding.ts";
import type { Operator } from "../operator.ts";
import { archiveFinding } from "./archive-finding.ts";
import type { BackupSettings } from "./settings.ts";
import { findLeftScratch } from "./sweep-scratch.ts";

/**
 * What is wrong with backups: tenants whose last one is older than two intervals, or whose last try failed,
 * database servers that could not be recovered from their archive, and what killed commands have left. Changes nothing.
 */
export async function backupFindings({
  ctx,
  settings,
}: {
  ctx: Operator;
  settings: BackupSettings;
}): Promise<Finding[]> {
  const servers = await ctx.registry.sql<{ name: string }[]>`select name from database_servers order by name`;
  const archives = [null, ...servers].map((server) => archiveFinding({ ctx, settings, server }));
  const left = (await findLeftScratch({ ctx, settings })).map((name) =>
    bad(
      `${name} was left by a drill, a check, a rehearsal or a restore that was killed`,
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
