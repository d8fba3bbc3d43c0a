import { afterAll, beforeAll, expect, test } from "vitest";
import { connect } from "../../database/connect.ts";
import { latestSchemaVersion } from "../../tenant/schema.ts";
import { connectionUrl, type OpenTenant } from "../../tenant/tenants.ts";
import { type TestPlatform, testPlatform } from "../../testing/index.ts";
import { temporaryFolders } from "../../testing/temporary-folder.ts";
import { ifTenantFree } from "../tenant-lock.ts";
import { paymentRows } from "../testing/lived-in-tenant.ts";
import { rehearse } from "./rehearse.ts";
import { rehearseRings } from "./rehearse-rings.ts";
import { changeRing } from "./rings.ts";
import { migrationsFolder } from "./testing/migrations-folder.ts";

const folder = temporaryFolders();
const latest = latestSchemaVersion();
let platform: TestPlatform;
let acme: OpenTenant;
beforeAll(async () => {
  platform = await testPlatform();
  acme = await platform.createTenant("acme");
  await paymentRows(acme);
});
afterAll(() => platform.close());

const migrations = migrationsFolder(folder(), [
  { name: "note", up: "alter table pay.payments add column note text;" },
  {
    name: "lots",
    up: "do $$ begin if (select count(*) from pay.payments) > 0 then raise 'there are payments'; end if; end $$;",
  },
  { name: "never", up: "alter table pay.payments drop column note;" },
]);
const scratchDatabases = () => platform.operator.admin`
  select from pg_database where datname ~ '_(scratch_.*|dryrun)$'
    and starts_with(datname, ${`${platform.address.namespace}_`})`;

/** Ends what the tenant's pool has open. */
async function leaveAlone(): Promise<void> {
  await platform.operator.admin`
    select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = ${acme.record.database.name}`;
}

test.each(["template", "rows"] as const)(
  "goes through the migrations with a copy (%s) of the tenant's rows, and leaves the tenant as it was",
  async (method) => {
    await leaveAlone();
    const url = await connectionUrl({ registry: platform.operator.registry, record: acme.record });
    const visitor = connect({ url, max: 1, session: { "app.tenant_id": acme.record.id } });
    if (method === "rows") await visitor`select 1`;
    const rehearsal = await rehearse({ ctx: platform.operator, input: { slug: "acme", migrations } });
    expect(rehearsal).toMatchObject({
      slug: "acme",
      from: latest,
      to: latest + 1,
      clone: { method, sizeBytes: expect.any(Number) },
      migrations: [
        { name: expect.stringMatching(/note\.sql$/), phase: "expand", error: null },
        { name: expect.stringMatching(/lots\.sql$/), error: expect.stringContaining("there are payments") },
      ],
      differences: [],
    });
    expect(await visitor`select * from pay.payments`).toHaveLength(1);
    const columns =
      await visitor`select from information_schema.columns where table_name = 'payments' and column_name = 'note'`;
    expect(columns).toHaveLength(0);
    await visitor.end();
    expect(await scratchDatabases()).toHaveLength(0);
    expect(await platform.operator.registry.findBySlug("acme")).toMatchObject({
      schemaVersion: latest,
      parked: null,
    });
  },
);

test("while there is a copy the tenant is not deleted, moved or restored", async () => {
  const ctx = platform.operator;
  const free: unknown[] = [];
  await rehearse({
    ctx,
    input: { slug: "acme", migrations },
    async onStep(step) {
      if (step === "compare")
        free.push(await ifTenantFree({ ctx, tenantId: acme.tenant.id }, async () => true));
    },
  });
  expect(free).toEqual([null]);
});

test("without a tenant's name it takes the first of each ring that would be migrated", async () => {
  await Promise.all(["bravo", "carat"].map((slug) => platform.createTenant(slug)));
  await changeRing({ ctx: platform.operator, input: { slug: "carat", ring: "canary" } });
  const rehearsals = await rehearseRings({ ctx: platform.operator, input: { migrations } });
  expect(rehearsals.map(({ slug }) => slug)).toEqual(["carat", "acme"]);
  expect(rehearsals[0]?.migrations.map(({ error }) => error)).toEqual([null, null, null]);
});
