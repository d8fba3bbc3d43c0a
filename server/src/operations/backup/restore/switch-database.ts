import { auditName } from "../../../actor/actor.ts";
import { errorCode, quoteIdentifier } from "../../../database/client.ts";
import { connect } from "../../../database/connect.ts";
import type { TenantRecord } from "../../../registry/tenant-record.ts";
import { drain } from "../../drain.ts";
import type { Operator } from "../../operator.ts";
import type { RestoreRecord, RestoreReport } from "../../records/restore-record.ts";
import { administratorUrl } from "../../servers/database-servers.ts";
import { setLogin } from "../../servers/tenant-server.ts";
import { schemaVersionOf } from "./adapt-database.ts";
import { carrySecrets } from "./carry-secrets.ts";
import { advanceSequences, compareDatabases } from "./compare-databases.ts";
import { RestoreRefused } from "./errors.ts";
import { holderName } from "./hold-migrations.ts";
import { holdWork } from "./hold-work.ts";
import { asServerAdministrator, type DatabasePlace } from "./load-database.ts";

/** A restore in hand: what the steps from the pause on are given. */
export interface Switching {
  readonly ctx: Operator;
  readonly restore: RestoreRecord;
  readonly record: TenantRecord;
}

/**
 * Not served from here on, payers are told to come back in a moment; what is under way gets a moment, too. Then the
 * tenant's role may not log in and what it had open is ended: what is in the old database now is all that ever will be.
 */
export async function pause(switching: Switching): Promise<void> {
  const { ctx, restore, record } = switching;
  await ctx.registry.sql`
    with tenant as (
      update tenants set status = 'moving', updated_at = clock_timestamp()
      from (select id, status from tenants where id = ${record.id} for update) before
      where tenants.id = before.id and before.status in ('active', 'suspended')
      returning tenants.id, before.status
    )
    update restores set paused_at = clock_timestamp(), status_before = tenant.status
    from tenant where restores.id = ${restore.id} and switched_at is null`;
  const [row] = await ctx.registry.sql<{ paused: boolean }[]>`
    select t.status = 'moving' and r.paused_at is not null as paused
    from tenants t join restores r on r.tenant_id = t.id where r.id = ${restore.id}`;
  if (!row?.paused) throw new RestoreRefused(`${record.slug} was moved or deleted meanwhile`);
  await drainReplaced(switching);
  await setLogin({ ctx, record, open: false });
}

async function drainReplaced(switching: Switching): Promise<void> {
  const url = await administratorUrl(replacedBy(switching));
  const sql = connect({ url, max: 1 });
  try {
    await drain({ sql, role: switching.record.database.role });
  } catch (error) {
    // invalid_catalog_name, undefined_table: it is gone, or what is waited for; `compare` says what that means.
    if (!["3D000", "42P01"].includes(errorCode(error))) throw error;
  } finally {
    await sql.end({ timeout: 2 });
  }
}

/**
 * A run that was killed after `closeReplaced` has shut the old database to the administrator, too. The tenant's
 * role stays out of it.
 */
export async function reopenReplaced(switching: Switching): Promise<void> {
  const { ctx, record } = switching;
  if (record.status !== "moving") return;
  await setLogin({ ctx, record, open: false });
  await allowConnections(replacedBy(switching), true);
}

/** By the old database's own account: a migration's news may be on its way to the registry still. */
export async function currentVersion(switching: Switching): Promise<number> {
  const replaced = replacedBy(switching);
  return (await exists(replaced)) ? schemaVersionOf(replaced) : switching.record.schemaVersion;
}

/** What a person must know before the old database goes; what was given out since is not given out again. */
export async function compare(switching: Switching): Promise<RestoreReport> {
  const { ctx, restore, record } = switching;
  const replaced = replacedBy(switching);
  const restored: DatabasePlace = { ctx, server: record.database.server, database: restore.intoDatabase };
  const there = (await exists(replaced)) ? replaced : null;
  const found = there && (await compareDatabases({ replaced: there, restored }));
  const payments = found?.payments ?? null;
  if (!payments && restore.forceReason === null) {
    throw new RestoreRefused(
      `the ${there ? "payments table" : "database"} of ${record.slug} is gone, so nobody can tell which payments ` +
        "the restored one lacks: give a reason with --force-reason",
    );
  }
  if (there) await advanceSequences({ replaced: there, restored });
  const secretsToSetAgain = await carrySecrets({ ...switching, replaced: there, restored });
  await holdWork({ replaced: there, restored });
  return {
    oldDatabaseRead: payments !== null,
    payments: payments ?? [],
    rows: found?.rows ?? {},
    secretsToSetAgain,
  };
}

/** A server that has not heard of the switch must not find the old database: it gets "try again" there. */
export async function closeReplaced(switching: Switching): Promise<void> {
  const { ctx, record } = switching;
  const replaced = replacedBy(switching);
  await allowConnections(replaced, false);
  await asServerAdministrator(
    replaced,
    (admin) => admin`
      select pg_terminate_backend(pid, 5000) from pg_stat_activity
      where datname = ${replaced.database} and application_name <> ${holderName}`,
  );
  await setLogin({ ctx, record, open: true });
}

/** One statement: killed before it nothing has happened, after it everything. */
export async function switchOver(
  switching: Switching & { report: RestoreReport; version: number },
): Promise<void> {
  const { ctx, restore, record, report, version } = switching;
  const { sql } = ctx.registry;
  const switched = await sql`
    with tenant as (
      update tenants set database_name = r.into_database, status = r.status_before,
        schema_version = ${version}, updated_at = clock_timestamp()
      from restores r
      where r.id = ${restore.id} and r.switched_at is null and tenants.id = r.tenant_id
        and tenants.status = 'moving' and tenants.database_name = r.from_database
      returning tenants.id
    ), switched as (
      update restores set switched_at = clock_timestamp(), report = ${sql.json(report as never)}
      from tenant where restores.id = ${restore.id}
      returning tenant.id
    )
    insert into operator_audit (operator, action, tenant_id, detail)
    select ${auditName(ctx.actor)}, 'tenant.restored', id,
      ${sql.json({ restore: restore.id, to: restore.to.toISOString(), forceReason: restore.forceReason })} from switched
    returning tenant_id`;
  if (switched.length === 0)
    throw new RestoreRefused(`the registry's entry of ${record.slug} changed meanwhile`);
}

/** Served again from where it was, if it was this restore that paused it: nobody else's door is opened. */
export async function resumeReplaced(switching: Switching): Promise<void> {
  const { ctx, restore, record } = switching;
  const paused = await ctx.registry.sql`
    select from restores r join tenants t on t.id = r.tenant_id
    where r.id = ${restore.id} and r.switched_at is null and r.status_before is not null and t.status = 'moving'`;
  if (paused.length === 0) return;
  await allowConnections(replacedBy(switching), true);
  await setLogin({ ctx, record, open: true });
  await ctx.registry.sql`
    update tenants set status = r.status_before, updated_at = clock_timestamp()
    from restores r
    where r.id = ${restore.id} and r.switched_at is null and r.status_before is not null
      and tenants.id = r.tenant_id and tenants.status = 'moving'`;
}

export const replacedBy = ({ ctx, restore, record }: Switching): DatabasePlace => ({
  ctx,
  server: record.database.server,
  database: restore.fromDatabase,
});

const exists = ({ database, ...place }: DatabasePlace): Promise<boolean> =>
  asServerAdministrator(place, async (admin) => {
    const rows = await admin`select from pg_database where datname = ${database}`;
    return rows.length > 0;
  });

async function allowConnections({ database, ...place }: DatabasePlace, allowed: boolean): Promise<void> {
  const name = quoteIdentifier(database);
  await asServerAdministrator(place, (admin) =>
    // invalid_catalog_name: somebody dropped it; `compare` says so.
    admin.unsafe(`alter database ${name} allow_connections ${allowed}`).catch((error) => {
      if (errorCode(error) !== "3D000") throw error;
    }),
  );
}
