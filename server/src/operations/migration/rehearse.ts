import { connect } from "../../database/connect.ts";
import type { Migration } from "../../database/migrate.ts";
import type { TenantRecord } from "../../registry/tenant-record.ts";
import { TenantUnknown } from "../../tenant/errors.ts";
import { tenantMigrations } from "../../tenant/schema.ts";
import type { Operator } from "../operator.ts";
import { withTenantLock } from "../tenant-lock.ts";
import { type Clone, withClone } from "./clone-database.ts";
import { expectedShapes } from "./expected-shape.ts";
import { SchemaFailure } from "./failure.ts";
import { targetFinder } from "./find-target.ts";
import { type Difference, differences, readShape } from "./fingerprint.ts";
import { readVersion, upgradeDatabase } from "./upgrade-database.ts";

/** How a tenant's migration would go, from going through it with a copy. */
export interface Rehearsal {
  readonly slug: string;
  readonly from: number;
  readonly to: number;
  readonly clone: Pick<Clone, "method" | "sizeBytes" | "tookMs">;
  /** In order; one with an error is the last. */
  readonly migrations: readonly RehearsedMigration[];
  /** Between the copy afterwards and what the migrations make of an empty database. */
  readonly differences: readonly Difference[];
}

export interface RehearsedMigration {
  readonly name: string;
  readonly phase: Migration["phase"];
  readonly tookMs: number;
  readonly error: string | null;
}

/**
 * Migrates a copy of one tenant's database and throws it away. The tenant is served meanwhile and nothing of it
 * changes. Killed at any point, the copy is dropped by the tenant's next rehearsal, `clarity backup prune`, or with it.
 *
 * @param onStep is told each step's name before it runs, and `done` at the end
 * @throws TenantUnknown, SchemaFailure
 */
export async function rehearse({
  ctx,
  input: { slug, migrations = tenantMigrations() },
  onStep = () => {},
}: {
  ctx: Operator;
  input: { slug: string; migrations?: readonly Migration[] | undefined };
  onStep?: (step: string) => void | Promise<void>;
}): Promise<Rehearsal> {
  const unknown = () => new TenantUnknown(`no tenant ${slug}: clarity tenant list shows them`);
  const found = await ctx.registry.findBySlug(slug);
  if (!found) throw unknown();
  // The copy holds the tenant's rows: it must be gone before the tenant can be.
  return withTenantLock({ ctx, tenantId: found.id }, async () => {
    const record = await ctx.registry.findById(found.id);
    if (!record) throw unknown();
    return goThrough({ ctx, record, migrations, onStep });
  });
}

async function goThrough({
  ctx,
  record,
  migrations,
  onStep,
}: {
  ctx: Operator;
  record: TenantRecord;
  migrations: readonly Migration[];
  onStep: (step: string) => void | Promise<void>;
}): Promise<Rehearsal> {
  const { id: tenantId, slug } = record;
  const server = record.database.server?.name ?? null;
  const database = record.database.name;
  const original = await targetFinder(ctx)({ server, database });
  const from = await versionOf(original.url, migrations);
  await ctx.registry.audit({
    actor: ctx.actor,
    action: "tenant.rehearse",
    tenantId,
    detail: { from, to: migrations.length },
  });
  await onStep("clone");
  const input = { ctx, tenantId, server, database, original, migrations, version: from };
  return withClone(input, async ({ target, ...clone }) => {
    const done: RehearsedMigration[] = [];
    for (const { version, name, phase } of migrations.slice(from)) {
      await onStep(`rehearse ${version}`);
      const startedAt = performance.now();
      const error = await upgradeDatabase({ target, migrations, from: version - 1, to: version }).then(
        () => null,
        (cause: SchemaFailure) => cause.message,
      );
      done.push({ name, phase, tookMs: performance.now() - startedAt, error });
      if (error !== null) break;
    }
    const failed = done.filter(({ error }) => error !== null).length;
    const to = from + done.length - failed;
    await onStep("compare");
    const expected = await expectedShapes({ ctx, migrations })({ server, version: to });
    const found = await shapeOf(target.url, { owner: target.owner, role: record.database.role });
    await onStep("done");
    return { slug, from, to, clone, migrations: done, differences: differences(expected, found) };
  });
}

async function versionOf(url: string, migrations: readonly Migration[]): Promise<number> {
  const sql = connect({ url, max: 1 });
  try {
    const version = await readVersion({ sql, migrations });
    if (version <= migrations.length) return version;
    const message = `it is at schema ${version}, this code knows ${migrations.length}: use newer code`;
    throw new SchemaFailure(message, { lasting: true, version });
  } finally {
    await sql.end({ timeout: 2 });
  }
}

async function shapeOf(url: string, roles: { owner: string; role: string }) {
  const sql = connect({ url, max: 1 });
  try {
    return await readShape({ sql, ...roles });
  } finally {
    await sql.end({ timeout: 2 });
  }
}
