import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { connect } from "../../database/connect.ts";
import type { Migration } from "../../database/migrate.ts";
import { latestSchemaVersion } from "../../tenant/schema.ts";
import type { OpenTenant } from "../../tenant/tenants.ts";
import { type TestPlatform, testPlatform } from "../../testing/index.ts";
import { temporaryFolders } from "../../testing/temporary-folder.ts";
import { deleteTenantNow } from "../deletion/delete-tenant-now.ts";
import { findDrift } from "./find-drift.ts";
import { fleetStatus } from "./fleet-status.ts";
import { migrateTenants } from "./migrate-tenants.ts";
import { rehearse } from "./rehearse.ts";
import { changeRing, type Ring } from "./rings.ts";
import { rollBackTenant } from "./roll-back-tenant.ts";
import type { MigrateChildInput } from "./testing/migrate-child.ts";
import { migrationsFolder } from "./testing/migrations-folder.ts";

const folders = temporaryFolders();
/** Most of a child's life would be stripping types. */
const compileCache = folders();
const folder = folders();
const latest = latestSchemaVersion();
const fleet: Record<string, Ring> = { acme: "canary", bravo: "rest", carat: "rest" };
const migrations = migrationsFolder(folder, [
  { name: "note", up: "alter table pay.users add note text;", down: "alter table pay.users drop note;" },
  { name: "memo", up: "alter table pay.users add memo text;", down: "alter table pay.users drop memo;" },
  {
    name: "no_note",
    up: "-- phase: contract\nalter table pay.users drop note;",
    down: "alter table pay.users add note text;",
  },
]);
const target = latest + 3;

let platform: TestPlatform;
const made = new Map<string, OpenTenant>();
beforeAll(async () => {
  platform = await testPlatform();
  for (const [slug, ring] of Object.entries(fleet)) {
    made.set(slug, await platform.createTenant(slug));
    await changeRing({ ctx: platform.operator, input: { slug, ring } });
  }
});
afterAll(() => platform.close());

async function inDatabase<T extends object>(slug: string, statement: string): Promise<T[]> {
  const url = new URL(platform.address.adminUrl);
  url.pathname = `/${made.get(slug)?.record.database.name}`;
  const sql = connect({ url: url.href, max: 1 });
  return sql
    .unsafe<T[]>(statement)
    .then((rows) => [...rows])
    .finally(() => sql.end());
}

/** Databases and registry as they were at this code's schema. */
async function reset(): Promise<void> {
  for (const slug of Object.keys(fleet)) {
    await inDatabase(
      slug,
      `alter table pay.users drop column if exists note, drop column if exists memo;
       delete from public.schema_migrations where version > ${latest}`,
    );
  }
  const { sql } = platform.operator.registry;
  await sql`update tenants set schema_version = ${latest}, contract_version = 0, parked_at = null,
    parked_reason = null, updated_at = clock_timestamp()`;
  await sql`delete from migration_runs`;
}
beforeEach(reset);

const columnsOf = async (slug: string) =>
  (
    await inDatabase<{ name: string }>(
      slug,
      `select attname as name from pg_attribute where attrelid = 'pay.users'::regclass and attnum > 0
       and not attisdropped and attname in ('note', 'memo')`,
    )
  ).map(({ name }) => name);

async function inChild(
  verb: MigrateChildInput["verb"],
  die: Partial<Pick<MigrateChildInput, "dieBefore" | "dieAfterMs">>,
): Promise<NodeJS.Signals | number> {
  const script = fileURLToPath(new URL("./testing/migrate-child.ts", import.meta.url));
  const input: MigrateChildInput = {
    address: platform.address,
    folder,
    verb,
    dieBefore: null,
    dieAfterMs: null,
    ...die,
  };
  const child = spawn(process.execPath, [script, JSON.stringify(input)], {
    env: { ...process.env, NODE_COMPILE_CACHE: compileCache },
    stdio: ["ignore", "inherit", "inherit"],
  });
  const [code, signal] = await once(child, "exit");
  return signal ?? code;
}

/** What the registry says is never more than what is true, and never less than what older code must know. */
async function expectHonestRegistry(all: readonly Migration[] = migrations): Promise<void> {
  for (const slug of Object.keys(fleet)) {
    const [row] = await inDatabase<{ version: number }>(
      slug,
      "select max(version) as version from public.schema_migrations",
    );
    const version = row?.version ?? 0;
    const record = await platform.operator.registry.findBySlug(slug);
    expect(record?.schemaVersion).toBeLessThanOrEqual(version);
    if (version === all.length) expect(record?.contractVersion).toBe(all.length);
    expect(record?.parked).toBeNull();
  }
}

async function expectMigrated(): Promise<void> {
  for (const slug of Object.keys(fleet)) {
    expect(await columnsOf(slug)).toEqual(["memo"]);
    expect(await platform.operator.registry.findBySlug(slug)).toMatchObject({
      status: "active",
      schemaVersion: target,
      contractVersion: target,
      parked: null,
    });
  }
  const runs = await platform.operator.registry.sql<{ state: string; done: number; total: number }[]>`
    select state, done, total from migration_runs`;
  expect([...runs]).toEqual([{ state: "finished", done: 3, total: 3 }]);
}

describe("clarity migrate, killed with -9", () => {
  const ring = (name: string, slugs: string[]) => [
    ...slugs.flatMap((slug) => [`migrate ${slug}`, `migrated ${slug}`]),
    `record ${name}`,
  ];
  test.each([
    "begin",
    "announce contract",
    ...ring("canary", ["acme"]),
    ...ring("rest", ["bravo"]),
    "end",
    "done",
  ])("before %s, the second run completes it", async (step) => {
    expect(await inChild({ name: "migrate", parallel: 1 }, { dieBefore: step })).toBe("SIGKILL");
    await expectHonestRegistry();
    if (step !== "begin" && step !== "done") {
      expect(await fleetStatus({ ctx: platform.operator })).toMatchObject({ run: { state: "killed" } });
    }
    const second = await migrateTenants({ ctx: platform.operator, input: { migrations } });
    expect(second.state).toBe("finished");
    expect(second.resumed).toBe(!["begin", "end", "done"].includes(step));
    await expectMigrated();
  });

  test.each([5, 25, 60])(
    "%i ms after it began, four at once, the second run completes it",
    async (dieAfterMs) => {
      await inChild({ name: "migrate", parallel: 4 }, { dieAfterMs });
      await expectHonestRegistry();
      await migrateTenants({ ctx: platform.operator, input: { migrations } });
      await expectMigrated();
      const drift = await findDrift({ ctx: platform.operator, input: { slug: "carat", migrations } });
      expect(drift).toMatchObject([{ differences: [], error: null }]);
    },
  );
});

describe("clarity migrate rollback, killed with -9", () => {
  const steps = ["park", ...[3, 2, 1].map((back) => `take back ${latest + back}`), "record", "done"];
  test.each(steps)("before %s, the second run completes it", async (step) => {
    await migrateTenants({ ctx: platform.operator, input: { slug: "acme", migrations } });
    const verb = { name: "rollback", slug: "acme", to: latest } as const;
    expect(await inChild(verb, { dieBefore: step })).toBe("SIGKILL");
    const record = await platform.operator.registry.findBySlug("acme");
    expect(record?.schemaVersion).toBe(step === "park" ? target : latest);
    await rollBackTenant({ ctx: platform.operator, input: { slug: "acme", to: latest, migrations } });
    expect(await columnsOf("acme")).toEqual([]);
    expect(await platform.operator.registry.findBySlug("acme")).toMatchObject({
      schemaVersion: latest,
      contractVersion: 0,
      parked: { reason: expect.stringContaining("taken back") },
    });
    // The fleet's next run does not bring it forward behind the operator's back.
    const next = await migrateTenants({ ctx: platform.operator, input: { slug: "acme", migrations } });
    expect(next.tenants).toMatchObject([{ slug: "acme", outcome: "parked" }]);
  });
});

const copies = () => platform.operator.admin`
  select from pg_database where datname ~ '_(scratch_.*|dryrun)$'
    and starts_with(datname, ${`${platform.address.namespace}_`})`;

test.each(["clone", `rehearse ${latest + 1}`, "compare", "done"])(
  "clarity migrate --dry-run, killed with -9 before %s, leaves a copy that the next one drops, and the tenant as it was",
  async (step) => {
    expect(await inChild({ name: "rehearse", slug: "acme" }, { dieBefore: step })).toBe("SIGKILL");
    expect(await columnsOf("acme")).toEqual([]);
    expect((await copies()).length).toBe(step === "clone" ? 0 : 1);
    await rehearse({ ctx: platform.operator, input: { slug: "acme", migrations } });
    expect(await copies()).toHaveLength(0);
  },
);

test("a tenant that is deleted after a killed dry run leaves no copy of its rows", async () => {
  await platform.createTenant("leaver");
  expect(await inChild({ name: "rehearse", slug: "leaver" }, { dieBefore: "compare" })).toBe("SIGKILL");
  expect(await copies()).toHaveLength(1);
  await deleteTenantNow({ ctx: platform.operator, input: { slug: "leaver" } });
  expect(await copies()).toHaveLength(0);
});
