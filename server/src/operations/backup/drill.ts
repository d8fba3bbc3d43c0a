import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { auditName } from "../../actor/actor.ts";
import { loadTenant, type TenantRecord } from "../../registry/tenant-record.ts";
import { TenantUnknown } from "../../tenant/errors.ts";
import { sessionLimits } from "../../tenant/role-defaults.ts";
import { names } from "../names.ts";
import type { Operator } from "../operator.ts";
import { operatorSession } from "../operator-session.ts";
import { withTenantLock } from "../tenant-lock.ts";
import { withBackupLock } from "./backup-lock.ts";
import { BackupUnderWay } from "./create-backup.ts";
import { untilArchived } from "./restore/flush-archive.ts";
import { asServerAdministrator, dropDatabase, withOwner } from "./restore/load-database.ts";
import { recoverDatabase } from "./restore/recover-database.ts";
import { requireArchive } from "./restore/require-archive.ts";
import { scratchFolderName } from "./scratch-folder.ts";
import type { BackupSettings } from "./settings.ts";

export interface DrillResult {
  readonly slug: string;
  /** From a row's commit until nothing that happens to the server loses it any more, ms: measured, nothing hurried. */
  readonly rpoMs: number;
  /** From the wish until the tenant's database, with that row in it, is whole beside the old one, ms. */
  readonly rtoMs: number;
  readonly steps: readonly { readonly step: string; readonly tookMs: number }[];
  readonly rows: number;
}

/**
 * A rehearsal of losing a tenant's database server, on the server as it runs: writes a row to the tenant's audit
 * log, waits until the archive has it, then recovers the tenant from the archive alone, as far as it goes, and
 * finds the row there. The tenant is served meanwhile; what the rehearsal made is dropped, the row stays.
 *
 * @throws TenantUnknown, BackupUnderWay, InstantUnreachable, ProgramsMissing; Error when the row is missing
 */
export async function drill({
  ctx,
  settings,
  input: { slug },
}: {
  ctx: Operator;
  settings: BackupSettings;
  input: { slug: string };
}): Promise<DrillResult> {
  const unknown = () => new TenantUnknown(`no active or suspended tenant ${slug}`);
  const found = await loadTenant(ctx.registry.sql, { slug });
  if (!found) throw unknown();
  const done = await withBackupLock({ registry: ctx.registry, tenantId: found.id }, () =>
    // What it makes holds the tenant's rows: it must be gone before the tenant can be.
    withTenantLock({ ctx, tenantId: found.id }, async () => {
      const record = await loadTenant(ctx.registry.sql, { id: found.id });
      if (record?.status !== "active" && record?.status !== "suspended") throw unknown();
      return rehearse({ ctx, settings, record });
    }),
  );
  if (!done) throw new BackupUnderWay(`a backup of ${slug} is being made or verified at the moment`);
  return done;
}

interface Rehearsal {
  ctx: Operator;
  settings: BackupSettings;
  record: TenantRecord;
}

async function rehearse({ ctx, settings, record }: Rehearsal): Promise<DrillResult> {
  const { server } = record.database;
  await asServerAdministrator({ ctx, server }, (sql) => requireArchive({ sql, settings, server, to: null }));
  const id = randomUUID();
  await writeMark({ ctx, record, id });
  const committedAt = performance.now();
  await untilSafe({ ctx, record });
  const rpoMs = Math.round(performance.now() - committedAt);

  const database = names.beside(ctx.address.namespace, record.id, "drill");
  const into = { ctx, server, database };
  const begun: { step: string; at: number }[] = [];
  const startedAt = performance.now();
  try {
    const contents = await recoverDatabase({
      settings,
      from: record.database.name,
      into,
      to: null,
      folder: join(settings.scratchFolder, scratchFolderName("drill", record.id)),
      onStep(step) {
        begun.push({ step, at: performance.now() });
      },
    });
    await requireMark({ into, id });
    const endedAt = performance.now();
    const steps = begun.map(({ step, at }, index) => ({
      step,
      tookMs: Math.round((begun[index + 1]?.at ?? endedAt) - at),
    }));
    const rows = Object.values(contents).reduce((sum, table) => sum + table.rows, 0);
    const result = { slug: record.slug, rpoMs, rtoMs: Math.round(endedAt - startedAt), steps, rows };
    const detail = { drill: id, rpoMs, rtoMs: result.rtoMs };
    await ctx.registry.audit({ actor: ctx.actor, action: "backup.drill", tenantId: record.id, detail });
    return result;
  } finally {
    await dropDatabase(into);
  }
}

async function writeMark(input: { ctx: Operator; record: TenantRecord; id: string }): Promise<void> {
  const { ctx, record, id } = input;
  const sql = await operatorSession({ ctx, record, session: sessionLimits });
  try {
    await sql`
      insert into pay.audit_log (tenant_id, actor, action, subject, detail)
      values (${record.id}, ${auditName(ctx.actor)}, 'backup.drill', ${record.slug}, jsonb_build_object('drill', ${id}::text))`;
  } finally {
    await sql.end({ timeout: 2 });
  }
}

/** What the server archives by itself, by its own archive_timeout; nothing hurries it. */
async function untilSafe({ ctx, record }: Pick<Rehearsal, "ctx" | "record">): Promise<void> {
  await asServerAdministrator({ ctx, server: record.database.server }, async (sql) => {
    const [row] = await sql<{ segment: string; timeout: number }[]>`
      select pg_walfile_name(pg_current_wal_insert_lsn()) as segment,
        (select setting::int from pg_settings where name = 'archive_timeout') as timeout`;
    if (!row) throw new Error("unreachable: one row");
    // Without a time-out it takes until the segment is full: nobody knows how long.
    const timeoutMs = (row.timeout || 900) * 1_000 + 60_000;
    await untilArchived({ sql, segment: row.segment, timeoutMs });
  });
}

async function requireMark({
  into,
  id,
}: {
  into: Parameters<typeof withOwner>[0];
  id: string;
}): Promise<void> {
  const found = await withOwner(into, (sql) =>
    sql.unsafe("select from pay.audit_log where action = 'backup.drill' and detail ->> 'drill' = $1", [id]),
  );
  if (found.length !== 1)
    throw new Error("the archive was said to hold the row, and it is not in what was recovered");
}
