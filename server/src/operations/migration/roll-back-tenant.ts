import { auditName } from "../../actor/actor.ts";
import { connect } from "../../database/connect.ts";
import { fillVariables, type Migration } from "../../database/migrate.ts";
import type { TenantRecord } from "../../registry/tenant-record.ts";
import { TenantUnknown } from "../../tenant/errors.ts";
import { lastContract, tenantMigrations } from "../../tenant/schema.ts";
import { livingInstances, serversOf } from "../instances.ts";
import type { Operator } from "../operator.ts";
import { hardenDatabase, softenDatabase } from "../servers/harden-database.ts";
import { describePostgresError, isLasting, SchemaFailure } from "./failure.ts";
import { targetFinder } from "./find-target.ts";
import { withFleetLock } from "./fleet-lock.ts";
import { inTransaction, readVersion, type SchemaTarget } from "./upgrade-database.ts";

export interface RollBackTenant {
  slug: string;
  /** Schema version to go back to. */
  to: number;
  /** Default: this code's. */
  migrations?: readonly Migration[] | undefined;
}

export interface RolledBackTenant {
  readonly slug: string;
  readonly from: number;
  readonly to: number;
}

/**
 * Takes back one tenant's last migrations, by their `.down.sql`. The tenant stays parked, so that the next run does
 * not bring them again: `clarity migrate retry` does. Killed at any point, it is called again and goes on.
 *
 * The registry says the older version first: it is never above what the database is at.
 *
 * @param onStep is told each step's name before it runs, and `done` at the end
 * @throws TenantUnknown, FleetBusy, SchemaFailure
 */
export async function rollBackTenant({
  ctx,
  input,
  onStep = () => {},
}: {
  ctx: Operator;
  input: RollBackTenant;
  onStep?: (step: string) => void | Promise<void>;
}): Promise<RolledBackTenant> {
  const { slug, to, migrations = tenantMigrations() } = input;
  return withFleetLock({ ctx }, async () => {
    const record = await ctx.registry.findBySlug(slug);
    if (!record) throw new TenantUnknown(`no tenant ${slug}: clarity tenant list shows them`);
    const { server, name: database } = record.database;
    const target = await targetFinder(ctx)({ server: server?.name ?? null, database });
    const sql = connect({ url: target.url, max: 1 });
    try {
      const from = await readVersion({ sql, migrations });
      const undone = await undoable({ ctx, record, migrations, from, to });
      await onStep("park");
      await park({ ctx, record, from, to });
      if (undone.length > 0) await softenDatabase(sql);
      for (const migration of undone) {
        await onStep(`take back ${migration.version}`);
        await takeBack({ sql, target, migration, migrations });
      }
      await hardenDatabase(sql, target.owner);
      await onStep("record");
      await recordContract({ ctx, record, contract: lastContract(migrations, to) });
      await onStep("done");
      return { slug, from, to };
    } finally {
      await sql.end({ timeout: 2 });
    }
  });
}

type Undoable = Migration & { readonly down: string };

/** The newest first. @throws SchemaFailure when it cannot be, or something that runs would stop */
async function undoable(input: {
  ctx: Operator;
  record: TenantRecord;
  migrations: readonly Migration[];
  from: number;
  to: number;
}): Promise<Undoable[]> {
  const { ctx, record, migrations, from, to } = input;
  const refuse = (message: string) => new SchemaFailure(message, { lasting: true, version: from });
  const { slug, status, pin } = record;
  if (status === "moving" || status === "creating")
    throw refuse(`tenant ${slug} is ${status}: wait for its end`);
  if (pin && pin.until > new Date()) {
    throw refuse(`tenant ${slug} is pinned until ${pin.until.toISOString()}: its schema stays as it is`);
  }
  // Already there: a run that was killed before its last step.
  const begun = to === from && record.parked !== null && record.schemaVersion === to;
  if (!begun && !(Number.isInteger(to) && to >= 1 && to < from)) {
    throw refuse(`tenant ${slug} is at schema ${from}: it can be taken back to 1 to ${from - 1}`);
  }
  if (from > migrations.length) {
    throw refuse(`tenant ${slug} is at schema ${from}, this code knows ${migrations.length}: use newer code`);
  }
  const server = serversOf(await livingInstances(ctx), record).find(
    ({ minimumSchemaVersion }) => minimumSchemaVersion > to,
  );
  if (server) {
    throw refuse(
      `instance ${server.id} of ${server.audience} serves it with version ${server.version}, which needs schema ${server.minimumSchemaVersion}`,
    );
  }
  return migrations
    .slice(to, from)
    .reverse()
    .map((migration) => {
      const { down, name } = migration;
      if (down === null)
        throw refuse(`${name} cannot be taken back: it has no ${name.replace(/sql$/, "down.sql")}`);
      return { ...migration, down };
    });
}

async function park(input: { ctx: Operator; record: TenantRecord; from: number; to: number }): Promise<void> {
  const { ctx, record, from, to } = input;
  const reason = `taken back to schema ${to} by ${auditName(ctx.actor)}`;
  await ctx.registry.sql`
    with tenant as (
      update tenants set schema_version = least(schema_version, ${to}), parked_at = clock_timestamp(),
        parked_reason = ${reason}, updated_at = clock_timestamp()
      where id = ${record.id} returning id
    )
    insert into operator_audit (operator, action, tenant_id, detail)
    select ${auditName(ctx.actor)}, 'tenant.rollback', id, jsonb_build_object('from', ${from}::int, 'to', ${to}::int) from tenant`;
}

async function takeBack(input: {
  sql: ReturnType<typeof connect>;
  target: SchemaTarget;
  migration: Undoable;
  migrations: readonly Migration[];
}): Promise<void> {
  const { sql, target, migration, migrations } = input;
  const { version, name, down } = migration;
  try {
    await sql.unsafe(
      inTransaction({
        target,
        expected: migrations.slice(0, version),
        statements: `${fillVariables(down, target.variables)}
          ;
          delete from public.schema_migrations where version = ${version}`,
      }),
    );
  } catch (cause) {
    throw new SchemaFailure(`${name} could not be taken back: ${describePostgresError(cause)}`, {
      lasting: isLasting(cause),
      version,
      cause,
    });
  }
}

/** Older code may serve it again once what it cannot live with is gone. */
const recordContract = ({
  ctx,
  record,
  contract,
}: {
  ctx: Operator;
  record: TenantRecord;
  contract: number;
}) =>
  ctx.registry.sql`
    update tenants set contract_version = ${contract}, updated_at = clock_timestamp()
    where id = ${record.id} and contract_version <> ${contract}`;
