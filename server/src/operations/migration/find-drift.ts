import { auditName } from "../../actor/actor.ts";
import { connect } from "../../database/connect.ts";
import type { Migration } from "../../database/migrate.ts";
import type { TenantRecord } from "../../registry/tenant-record.ts";
import { TenantUnknown } from "../../tenant/errors.ts";
import { tenantMigrations } from "../../tenant/schema.ts";
import type { Operator } from "../operator.ts";
import { expectedShapes, type ShapeFinder } from "./expected-shape.ts";
import { describePostgresError, SchemaFailure } from "./failure.ts";
import { targetFinder } from "./find-target.ts";
import { type Difference, differences, readShape, schemaFingerprint } from "./fingerprint.ts";
import { readVersion } from "./upgrade-database.ts";

/** How a tenant's schema is beside what its migrations make. */
export interface TenantDrift {
  readonly slug: string;
  /** What its database says it is at; null: it could not be asked. */
  readonly schemaVersion: number | null;
  /** SHA-256, hex; null: it could not be read. */
  readonly fingerprint: string | null;
  /** By object; none: no drift. */
  readonly differences: readonly Difference[];
  /** Why it could not be compared. */
  readonly error: string | null;
}

/** Databases at once. */
const parallel = 4;

/**
 * Compares tenants' schemas with their migrations' work and remembers what it found. Changes no tenant.
 *
 * @param input.slug only this tenant; default all that have a database
 * @throws TenantUnknown
 */
export async function findDrift({
  ctx,
  input: { slug, migrations = tenantMigrations() },
}: {
  ctx: Operator;
  input: { slug?: string | undefined; migrations?: readonly Migration[] | undefined };
}): Promise<TenantDrift[]> {
  const all = (await ctx.registry.list()).filter(({ status }) => status !== "creating");
  const waiting = slug === undefined ? all : all.filter((record) => record.slug === slug);
  if (slug !== undefined && waiting.length === 0)
    throw new TenantUnknown(`no tenant ${slug}: clarity tenant list shows them`);
  const findTarget = targetFinder(ctx);
  const findShape = expectedShapes({ ctx, migrations });
  const found: { record: TenantRecord; drift: TenantDrift }[] = [];
  const worker = async () => {
    for (let record = waiting.shift(); record; record = waiting.shift()) {
      const { server, name: database, role } = record.database;
      const at = { server: server?.name ?? null, database };
      const look = async () =>
        compare({ ...(await findTarget(at)), role, migrations, findShape, server: at.server });
      const drift = await look().catch(unread);
      found.push({ record, drift: { slug: record.slug, ...drift } });
    }
  };
  await Promise.all(Array.from({ length: parallel }, worker));
  await remember(ctx, found);
  return found.map(({ drift }) => drift).sort((a, b) => (a.slug < b.slug ? -1 : 1));
}

const unread = (error: unknown): Omit<TenantDrift, "slug"> => ({
  schemaVersion: null,
  fingerprint: null,
  differences: [],
  error: error instanceof SchemaFailure ? error.message : describePostgresError(error),
});

async function compare(input: {
  url: string;
  owner: string;
  role: string;
  server: string | null;
  migrations: readonly Migration[];
  findShape: ShapeFinder;
}): Promise<Omit<TenantDrift, "slug">> {
  const { url, owner, role, server, migrations, findShape } = input;
  const sql = connect({ url, max: 1 });
  try {
    const schemaVersion = await readVersion({ sql, migrations });
    const shape = await readShape({ sql, owner, role });
    const known = { schemaVersion, fingerprint: schemaFingerprint(shape) };
    if (schemaVersion > migrations.length) {
      const error = `it is at schema ${schemaVersion}, this code knows ${migrations.length}: use newer code`;
      return { ...known, differences: [], error };
    }
    const expected = await findShape({ server, version: schemaVersion });
    return { ...known, differences: differences(expected, shape), error: null };
  } finally {
    await sql.end({ timeout: 2 });
  }
}

async function remember(ctx: Operator, found: { record: TenantRecord; drift: TenantDrift }[]): Promise<void> {
  const checks = found.flatMap(({ record, drift }) => {
    const { schemaVersion: version, differences: all, error } = drift;
    if (version === null || error !== null) return [];
    return [{ id: record.id, version, differences: all.map(({ kind, object }) => `${kind} ${object}`) }];
  });
  const { sql } = ctx.registry;
  await sql`
    with checked as (
      insert into schema_checks (tenant_id, schema_version, differences, checked_at)
      select c.id, c.version, array(select jsonb_array_elements_text(c.differences)), clock_timestamp()
      from jsonb_to_recordset(${sql.json(checks)}) as c (id uuid, version int, differences jsonb)
      where exists (select from tenants where id = c.id)
      on conflict (tenant_id) do update set schema_version = excluded.schema_version,
        differences = excluded.differences, checked_at = excluded.checked_at
      returning differences
    )
    insert into operator_audit (operator, action, detail)
    select ${auditName(ctx.actor)}, 'schema.compare',
      jsonb_build_object('tenants', count(*), 'drifted', count(*) filter (where differences <> '{}')) from checked`;
}
