import { afterAll, beforeAll, expect, test } from "vitest";
import { connect } from "../../database/connect.ts";
import { migrate as applyMigrations, fillVariables } from "../../database/migrate.ts";
import { TenantBehind, TenantUnknown } from "../../tenant/errors.ts";
import { latestSchemaVersion, minimumSchemaVersion, tenantMigrations } from "../../tenant/schema.ts";
import { type TestPlatform, testPlatform } from "../../testing/index.ts";
import { temporaryFolders } from "../../testing/temporary-folder.ts";
import { migrationRoles } from "../servers/prepare-template.ts";
import { expectedShapes } from "./expected-shape.ts";
import { findDrift } from "./find-drift.ts";
import { differences, readShape } from "./fingerprint.ts";
import { migrateTenants } from "./migrate-tenants.ts";
import { rollBackTenant } from "./roll-back-tenant.ts";
import { withScratchDatabase } from "./scratch-database.ts";
import { migrationsFolder } from "./testing/migrations-folder.ts";

const folder = temporaryFolders();
const latest = latestSchemaVersion();
let platform: TestPlatform;
beforeAll(async () => {
  platform = await testPlatform();
});
afterAll(() => platform.close());

const withNote = migrationsFolder(folder(), [
  {
    name: "note",
    up: "alter table pay.users add column note text;",
    down: "alter table pay.users drop column note;",
  },
  { name: "no_role", up: "-- phase: contract\nalter table pay.users drop column role;" },
]);
const record = (slug: string) => platform.operator.registry.findBySlug(slug);
const rollBack = (slug: string, to: number, migrations = withNote.slice(0, latest + 1)) =>
  rollBackTenant({ ctx: platform.operator, input: { slug, to, migrations } });
const migrate = (slug: string, more: { retryParked?: boolean } = {}) =>
  migrateTenants({
    ctx: platform.operator,
    input: { slug, migrations: withNote.slice(0, latest + 1), ...more },
  });

test.each(tenantMigrations().filter(({ down }) => down !== null))(
  "what $name did is undone by its .down.sql, to the last privilege",
  async ({ version, down }) => {
    const ctx = platform.operator;
    const { owner, variables } = migrationRoles(ctx.address.namespace);
    const shapes = expectedShapes({ ctx, migrations: tenantMigrations() });
    const before = await shapes({ server: null, version: version - 1 });
    const after = await withScratchDatabase({ ctx, server: null }, async ({ url }) => {
      const sql = connect({ url, max: 1 });
      try {
        await applyMigrations({ sql, migrations: tenantMigrations().slice(0, version), owner, variables });
        await sql.unsafe(`set role ${owner}; ${fillVariables(down ?? "", variables)}`);
        return await readShape({ sql, owner });
      } finally {
        await sql.end();
      }
    });
    expect(differences(before, after)).toEqual([]);
  },
);

test("one tenant goes back, is parked so that no run brings it forward again, and retry does", async () => {
  const acme = await platform.createTenant("acme");
  await platform.createTenant("globex");
  await Promise.all(["acme", "globex"].map((slug) => migrate(slug).catch(() => migrate(slug))));
  await expect(rollBack("acme", latest)).resolves.toEqual({ slug: "acme", from: latest + 1, to: latest });
  expect(await record("acme")).toMatchObject({
    status: "active",
    schemaVersion: latest,
    parked: { reason: `taken back to schema ${latest} by operator:test` },
  });
  expect(await record("globex")).toMatchObject({ schemaVersion: latest + 1, parked: null });
  const { db } = await platform.operator.tenants.open(acme.tenant.id);
  await expect(db.query`select tenant_id from pay.users`).resolves.toHaveLength(1);
  await expect(findDrift({ ctx: platform.operator, input: { slug: "acme" } })).resolves.toMatchObject([
    { schemaVersion: latest, differences: [], error: null },
  ]);
  await expect(migrate("acme")).resolves.toMatchObject({ tenants: [{ outcome: "parked", to: latest }] });
  await expect(migrate("acme", { retryParked: true })).resolves.toMatchObject({
    tenants: [{ outcome: "done" }],
  });
  expect(await record("acme")).toMatchObject({ schemaVersion: latest + 1, parked: null });
  const [audit] = await platform.operator.registry.sql`
    select detail from operator_audit where action = 'tenant.rollback' and tenant_id = ${acme.tenant.id}`;
  expect(audit?.detail).toEqual({ from: latest + 1, to: latest });
});

test("taken back below what this code needs it is refused with tenant_upgrading", async () => {
  const { tenant } = await platform.createTenant("behind");
  await rollBack("behind", minimumSchemaVersion() - 1, tenantMigrations().slice());
  await expect(platform.operator.tenants.open(tenant.id)).rejects.toBeInstanceOf(TenantBehind);
});

test("refuses what cannot be taken back, and what a living server needs, and changes nothing", async () => {
  await platform.createTenant("stays");
  const { sql } = platform.operator.registry;
  const refused = async (to: number, words: string) => {
    const before = await record("stays");
    await expect(rollBack("stays", to, withNote.slice())).rejects.toThrow(words);
    expect(await record("stays")).toEqual(before);
  };
  await expect(rollBack("nobody", 1)).rejects.toBeInstanceOf(TenantUnknown);
  await refused(1, ".sql cannot be taken back: it has no");
  await refused(latest, `is at schema ${latest}`);
  await refused(0, `is at schema ${latest}`);
  await sql`
    insert into instances (id, audience, version, schema_version, minimum_schema_version, started_at, seen_at)
    values (gen_random_uuid(), 'shared', '1.2.3', ${latest}, ${latest}, now(), now())`;
  await refused(latest - 1, `which needs schema ${latest}`);
  await sql`delete from instances`;
  await sql`update tenants set pinned_version = '1', pin_reason = 'freeze', pin_until = now() + interval '1 day'
    where slug = 'stays'`;
  await refused(latest - 1, "is pinned until");
});
