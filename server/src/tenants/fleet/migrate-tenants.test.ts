import { afterEach, beforeEach, expect, test } from "vitest";
import { type TestPlatform, testPlatform } from "../../testing/index.ts";
import { TenantBehind } from "../errors.ts";
import { latestSchemaVersion } from "../schema.ts";
import { diagnose } from "./diagnose.ts";
import { migrateTenants } from "./migrate-tenants.ts";
import { preparePlatform } from "./prepare-platform.ts";

let platform: TestPlatform;
beforeEach(async () => {
  platform = await testPlatform();
});
afterEach(() => platform.close());

const migrateAll = () => migrateTenants({ ctx: platform.operator, input: {} });

/** As if the tenants had been made by code that knew no migration yet. */
async function fallBehind(...slugs: string[]): Promise<void> {
  await platform.operator.registry.sql`
    update tenants set schema_version = 0, updated_at = clock_timestamp() where slug = any(${slugs}::text[])`;
}

test("tenants behind are refused, migrated, and served again; those at the schema are left alone", async () => {
  const acme = await platform.createTenant("acme");
  await platform.createTenant("globex");
  await fallBehind("acme");
  await expect(platform.operator.tenants.open(acme.tenant.id)).rejects.toBeInstanceOf(TenantBehind);
  const findings = await diagnose({ ctx: platform.operator });
  expect(findings.filter(({ ok }) => !ok)).toMatchObject([{ advice: "run clarity migrate" }]);
  await expect(migrateAll()).resolves.toEqual([
    { slug: "acme", from: 0, to: latestSchemaVersion(), error: null },
  ]);
  await expect(migrateAll()).resolves.toEqual([]);
  const { db } = await platform.operator.tenants.open(acme.tenant.id);
  await expect(db.query`select tenant_id from pay.users`).resolves.toHaveLength(1);
});

test("a tenant that cannot be migrated is named, the others go on, and the next run completes it", async () => {
  const [acme] = await Promise.all(["acme", "globex", "umbrella"].map((slug) => platform.createTenant(slug)));
  await fallBehind("acme", "globex", "umbrella");
  const { admin } = platform.operator;
  const name = acme?.record.database.name ?? "";
  await admin.unsafe(`alter database ${name} allow_connections false`);
  const results = await migrateAll();
  expect(
    results
      .filter(({ error }) => error === null)
      .map(({ slug }) => slug)
      .sort(),
  ).toEqual(["globex", "umbrella"]);
  expect(results.find(({ slug }) => slug === "acme")?.error).toContain("not currently accepting connections");
  await admin.unsafe(`alter database ${name} allow_connections true`);
  await expect(migrateAll()).resolves.toEqual([
    { slug: "acme", from: 0, to: latestSchemaVersion(), error: null },
  ]);
});

test("preparing again keeps tenants and the registry's password when it is given, and renews it when not", async () => {
  const acme = await platform.createTenant("acme");
  const { address } = platform;
  await expect(preparePlatform(address)).resolves.toEqual(address);
  await expect(platform.operator.registry.findById(acme.tenant.id)).resolves.toMatchObject({
    status: "active",
  });
  const { adminUrl, masterKeyFile, namespace } = address;
  const renewed = await preparePlatform({ adminUrl, masterKeyFile, namespace });
  expect(renewed.registryUrl).not.toBe(address.registryUrl);
});

test("the doctor names what is wrong with each tenant", async () => {
  const { registry } = platform.operator;
  await Promise.all(["fine", "moved", "half"].map((slug) => platform.createTenant(slug)));
  await expect(diagnose({ ctx: platform.operator })).resolves.not.toContainEqual(
    expect.objectContaining({ ok: false }),
  );
  await registry.sql`
    update tenants set database_name = 'nowhere', updated_at = clock_timestamp() where slug = 'moved'`;
  await registry.sql`update tenants set status = 'creating', updated_at = clock_timestamp() where slug = 'half'`;
  const bad = (await diagnose({ ctx: platform.operator })).filter(({ ok }) => !ok);
  expect(bad).toEqual([
    {
      ok: false,
      what: expect.stringContaining("half: its creation"),
      advice: expect.stringContaining("create again"),
    },
    {
      ok: false,
      what: expect.stringContaining("moved: "),
      advice: expect.stringContaining("its database there"),
    },
  ]);
});
