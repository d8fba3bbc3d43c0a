import { afterAll, beforeAll, expect, test } from "vitest";
import { connect } from "../../database/connect.ts";
import type { OpenTenant } from "../../tenant/tenants.ts";
import { type TestPlatform, testPlatform } from "../../testing/index.ts";
import { temporaryFolders } from "../../testing/temporary-folder.ts";
import { findDrift } from "./find-drift.ts";
import { fleetStatus } from "./fleet-status.ts";
import { migrateTenants } from "./migrate-tenants.ts";
import { migrationsFolder } from "./testing/migrations-folder.ts";

const folder = temporaryFolders();
let platform: TestPlatform;
let acme: OpenTenant;
beforeAll(async () => {
  platform = await testPlatform();
  acme = await platform.createTenant("acme");
  await platform.createTenant("globex");
});
afterAll(() => platform.close());

/** As a person with the administrator's password might. */
async function byHand(statement: string): Promise<void> {
  const url = new URL(platform.address.adminUrl);
  url.pathname = `/${acme.record.database.name}`;
  const sql = connect({ url: url.href, max: 1 });
  await sql.unsafe(statement).finally(() => sql.end());
}
async function namesOf(slug: string): Promise<string[]> {
  const [found] = await findDrift({ ctx: platform.operator, input: { slug } });
  return (found?.differences ?? []).map(({ kind, object }) => `${kind} ${object}`);
}

test("a tenant made from the template and one that was migrated have the same fingerprint", async () => {
  const migrations = migrationsFolder(folder(), [
    { name: "note", up: "alter table pay.users add note text;" },
  ]);
  const found = await findDrift({ ctx: platform.operator, input: {} });
  expect(found).toMatchObject(["acme", "globex"].map((slug) => ({ slug, differences: [], error: null })));
  expect(new Set(found.map(({ fingerprint }) => fingerprint)).size).toBe(1);
  await migrateTenants({ ctx: platform.operator, input: { slug: "globex", migrations } });
  const [acmeNow, globexNow] = await findDrift({ ctx: platform.operator, input: { migrations } });
  expect(acmeNow).toMatchObject({ fingerprint: found[0]?.fingerprint, differences: [] });
  expect(globexNow).toMatchObject({ differences: [], error: null });
  expect(globexNow?.fingerprint).not.toBe(acmeNow?.fingerprint);
  // To this code it is from the future: said, not taken for drift.
  const [, newer] = await findDrift({ ctx: platform.operator, input: {} });
  expect(newer).toMatchObject({ differences: [], error: expect.stringContaining("use newer code") });
});

/** Statement, what undoes it, what it is called. */
const hotfixes: [string, string, string][] = [
  [
    "create index hotfix on pay.payments (created_at)",
    "drop index pay.hotfix",
    "unexpected index pay.hotfix",
  ],
  [
    "alter table pay.users add column note text",
    "alter table pay.users drop column note",
    "unexpected column pay.users.note",
  ],
  [
    "alter table pay.attempts alter column absences set default 1",
    "alter table pay.attempts alter column absences set default 0",
    "different column pay.attempts.absences",
  ],
  [
    "alter table pay.payments disable row level security",
    "alter table pay.payments enable row level security",
    "different table pay.payments",
  ],
  [
    "alter policy tenant on pay.outbox using (true)",
    "alter policy tenant on pay.outbox using (tenant_id = pay.current_tenant())",
    "different policy pay.outbox.tenant",
  ],
  [
    "grant select on pay.users to public",
    "revoke select on pay.users from public",
    "different table pay.users",
  ],
  [
    "alter table pay.settings disable trigger retired_key",
    "alter table pay.settings enable trigger retired_key",
    "different trigger pay.settings.retired_key",
  ],
];

test("what was done by hand is found and named, each thing of it, and gone when it is undone", async () => {
  await byHand(hotfixes.map(([change]) => change).join(";"));
  const expected = hotfixes.map(([, , name]) => name).sort();
  expect((await namesOf("acme")).sort()).toEqual(expected);
  const { drifted } = await fleetStatus({ ctx: platform.operator });
  expect(drifted).toMatchObject([{ slug: "acme", differences: { length: expected.length } }]);
  await byHand(hotfixes.map(([, undo]) => undo).join(";"));
  expect(await namesOf("acme")).toEqual([]);
  expect(await fleetStatus({ ctx: platform.operator })).toMatchObject({ drifted: [] });
});

test("what is missing says how it should be", async () => {
  await byHand("alter table pay.attempts drop column absences");
  const [found] = await findDrift({ ctx: platform.operator, input: { slug: "acme" } });
  expect(found?.differences).toEqual([
    {
      object: "column pay.attempts.absences",
      kind: "missing",
      expected: expect.stringMatching(/^integer \| not null \| default 0 \| \w+_tenants=UPDATE$/),
      found: null,
    },
  ]);
});

test("a database that cannot be asked is said to be so, and others are compared", async () => {
  const { admin } = platform.operator;
  await admin.unsafe(`alter database ${acme.record.database.name} allow_connections false`);
  const [first, second] = await findDrift({ ctx: platform.operator, input: {} });
  expect(first).toMatchObject({
    slug: "acme",
    schemaVersion: null,
    error: expect.stringContaining("not currently accepting"),
  });
  expect(second).toMatchObject({ slug: "globex", fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/) });
});
