import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { connect } from "../../database/client.ts";
import { type TestPlatform, testPlatform } from "../../testing/index.ts";
import { temporaryFolders } from "../../testing/temporary-folder.ts";
import { TenantAhead, TenantBehind, TenantUnknown } from "../errors.ts";
import { diagnose } from "../provisioning/diagnose.ts";
import { latestSchemaVersion } from "../schema.ts";
import type { OpenTenant } from "../tenants.ts";
import { FleetBusy, withFleetLock } from "./fleet-lock.ts";
import { fleetStatus } from "./fleet-status.ts";
import { type MigrateTenants, migrateTenants } from "./migrate-tenants.ts";
import type { Progress } from "./progress.ts";
import { changeRing, type Ring } from "./rings.ts";
import { type Later, migrationsFolder } from "./testing/migrations-folder.ts";

const folder = temporaryFolders();
const latest = latestSchemaVersion();
let platform: TestPlatform;
let tenants: Map<string, OpenTenant>;

/** A canary, an early one, and three more, at this code's schema. */
const fleet: Record<string, Ring> = {
  acme: "canary",
  bravo: "early",
  carat: "rest",
  delta: "rest",
  echo: "rest",
};

beforeAll(async () => {
  platform = await testPlatform();
});
beforeEach(async () => {
  const { registry } = platform.operator;
  // Making databases takes longer than these tests: those of the test before are only forgotten.
  await registry.sql`delete from tenants`;
  await registry.sql`delete from instances`;
  await registry.sql`delete from migration_runs`;
  const made = Object.keys(fleet).map(async (slug) => [slug, await platform.createTenant(slug)] as const);
  tenants = new Map(await Promise.all(made));
  for (const [slug, ring] of Object.entries(fleet)) {
    await changeRing({ ctx: platform.operator, input: { slug, ring } });
  }
});
afterAll(() => platform.close());

const later = (...more: Later[]) => migrationsFolder(folder(), more);
const addColumn: Later = {
  name: "note",
  up: "-- phase: expand\nalter table pay.users add column note text;",
};
const dropRole: Later = {
  name: "no_role",
  up: "-- phase: contract\nalter table pay.users drop column role;",
};
/** Fails where a user is called so. */
const pickyMigration = (email: string): Later => ({
  name: "picky",
  up: `alter table pay.users add constraint picky check (email <> '${email}');`,
});

const run = (input: MigrateTenants) => migrateTenants({ ctx: platform.operator, input });
const record = async (slug: string) => platform.operator.registry.findBySlug(slug);
const outcomes = (migrated: { tenants: readonly { slug: string; outcome: string }[] }) =>
  migrated.tenants.map(({ slug, outcome }) => `${slug} ${outcome}`);

async function inDatabase<T extends object>(slug: string, statement: string): Promise<T[]> {
  const url = new URL(platform.address.adminUrl);
  url.pathname = `/${tenants.get(slug)?.record.database.name}`;
  const sql = connect({ url: url.href, max: 1 });
  try {
    return [...(await sql.unsafe<T[]>(statement))];
  } finally {
    await sql.end();
  }
}

async function columnsOf(slug: string): Promise<string[]> {
  const rows = await inDatabase<{ name: string }>(
    slug,
    "select attname as name from pg_attribute where attrelid = 'pay.users'::regclass and attnum > 0 and not attisdropped",
  );
  return rows.map(({ name }) => name);
}

const instance = (schemaVersion: number, { audience = "shared", seenAgo = "1 second", minimum = 1 } = {}) =>
  platform.operator.registry.sql`
    insert into instances (id, audience, version, schema_version, minimum_schema_version, started_at, seen_at)
    values (gen_random_uuid(), ${audience}, '1.2.3', ${schemaVersion}, ${minimum}, now(), now() - ${seenAgo}::interval)`;

test("rings go one after the other, every tenant gets there, and a second run has nothing to do", async () => {
  const migrations = later(addColumn);
  const order: string[] = [];
  const progress: Progress[] = [];
  const migrated = await migrateTenants({
    ctx: platform.operator,
    input: { migrations },
    onStep: (step) => void (step.startsWith("migrate") && order.push(step)),
    onProgress: (now) => void progress.push(now),
  });
  expect(migrated).toMatchObject({ state: "finished", reason: null, target: latest + 1, resumed: false });
  expect(outcomes(migrated)).toEqual(["acme done", "bravo done", "carat done", "delta done", "echo done"]);
  expect(order.slice(0, 4)).toEqual(["migrate acme", "migrated acme", "migrate bravo", "migrated bravo"]);
  for (const slug of Object.keys(fleet)) {
    expect(await columnsOf(slug)).toContain("note");
    expect(await record(slug)).toMatchObject({ schemaVersion: latest + 1, contractVersion: 0, parked: null });
  }
  expect(progress.map(({ ring, done, total }) => [ring, done, total])).toEqual([
    ["canary", 1, 5],
    ["early", 2, 5],
    ...[3, 4, 5].map((done) => ["rest", done, 5]),
  ]);
  expect(progress.at(-1)?.remainingMs).toBe(0);
  expect(progress[0]?.remainingMs).toBeGreaterThan(0);
  expect(await run({ migrations })).toMatchObject({ runId: null, state: "finished", tenants: [] });
  const audit = await platform.operator.registry.sql<{ action: string }[]>`
    select action from operator_audit
    where detail ->> 'run' = ${migrated.runId} order by id`;
  expect(audit.map(({ action }) => action)).toEqual([
    "migrate.begin",
    ...Array(5).fill("tenant.migrate"),
    "migrate.finish",
  ]);
});

test("tenants behind the minimum are refused, migrated, and served again", async () => {
  const id = tenants.get("acme")?.tenant.id ?? "";
  await platform.operator.registry.sql`
    update tenants set schema_version = 0, updated_at = clock_timestamp() where slug = 'acme'`;
  await expect(platform.operator.tenants.open(id)).rejects.toBeInstanceOf(TenantBehind);
  await expect(platform.operator.tenants.open(id)).rejects.toMatchObject({ code: "tenant_upgrading" });
  const findings = await diagnose({ ctx: platform.operator });
  expect(findings.filter(({ ok }) => !ok)).toMatchObject([{ advice: "run clarity migrate" }]);
  expect((await run({})).tenants).toMatchObject([{ slug: "acme", from: 0, to: latest, outcome: "done" }]);
  const { db } = await platform.operator.tenants.open(id);
  await expect(db.query`select tenant_id from pay.users`).resolves.toHaveLength(1);
});

describe("a tenant whose migration fails", () => {
  test("as a canary it is parked, keeps its status and schema, and no other ring is begun", async () => {
    const migrations = later(addColumn, pickyMigration("admin@acme.test"));
    const halted = await run({ migrations });
    expect(halted.state).toBe("halted");
    expect(halted.reason).toBe("ring canary: 1 failed (acme), 0 may");
    expect(outcomes(halted)).toEqual(["acme parked"]);
    expect(await record("acme")).toMatchObject({
      status: "active",
      schemaVersion: latest + 1,
      parked: { reason: expect.stringMatching(/picky\.sql: .*\(23514\)/) },
    });
    expect(await columnsOf("bravo")).not.toContain("note");
    // It is at what this code needs, so it is served.
    await expect(platform.operator.tenants.open(tenants.get("acme")?.tenant.id ?? "")).resolves.toBeDefined();
    expect(await fleetStatus({ ctx: platform.operator })).toMatchObject({
      run: { state: "halted", failed: 1, ring: "canary" },
      parked: [{ slug: "acme", ring: "canary", schemaVersion: latest + 1 }],
    });
    expect(outcomes(await run({ migrations }))).toEqual(["acme parked"]);
  });

  test("in a ring that may have failures the others go on, and it is left alone until it is retried", async () => {
    const migrations = later(pickyMigration("admin@delta.test"));
    const migrated = await run({ migrations });
    expect(migrated.state).toBe("finished");
    expect(outcomes(migrated)).toEqual([
      "acme done",
      "bravo done",
      "carat done",
      "delta parked",
      "echo done",
    ]);
    expect(outcomes(await run({ migrations }))).toEqual(["delta parked"]);
    expect(outcomes(await run({ migrations, slug: "delta", retryParked: true }))).toEqual(["delta parked"]);
    await inDatabase("delta", "update pay.users set email = 'other@delta.test'");
    expect(outcomes(await run({ migrations, slug: "delta", retryParked: true }))).toEqual(["delta done"]);
    expect(await record("delta")).toMatchObject({ schemaVersion: latest + 1, parked: null });
  });

  test("halts the ring it is in when more fail than may, as a number or a share", async () => {
    await platform.operator.registry.sql`update tenants set ring = 'rest'`;
    const bad = {
      name: "picky",
      up: "alter table pay.users add constraint picky check (email !~ 'acme|bravo');",
    };
    const input = { migrations: later(bad), parallel: 1 };
    expect(outcomes(await run({ ...input, maxFailures: { count: 0 } }))).toEqual(["acme parked"]);
    const second = await run({ ...input, maxFailures: { percent: 20 } });
    expect(outcomes(second)).toEqual(["acme parked", "bravo parked"]);
    expect(second.reason).toBe("ring rest: 2 failed (acme, bravo), 1 may");
    const third = await run({ ...input, maxFailures: { percent: 40 } });
    expect(third).toMatchObject({ state: "finished", tenants: { length: 5 } });
  });

  test("because its database is down is tried again by the next run, without a person", async () => {
    const name = tenants.get("delta")?.record.database.name;
    const migrations = later(addColumn);
    await platform.operator.admin.unsafe(`alter database ${name} allow_connections false`);
    const migrated = await run({ migrations });
    expect(migrated.tenants[3]).toMatchObject({
      outcome: "failed",
      error: expect.stringContaining("not currently accepting"),
    });
    await platform.operator.admin.unsafe(`alter database ${name} allow_connections true`);
    expect(outcomes(await run({ migrations }))).toEqual(["delta done"]);
  });
});

test("pinned and moving tenants are left as they are, until the pin's end", async () => {
  const { sql } = platform.operator.registry;
  await sql`update tenants set pinned_version = '1', pin_reason = 'freeze', pin_until = now() + interval '1 day' where slug = 'acme'`;
  await sql`update tenants set status = 'moving' where slug = 'bravo'`;
  const migrations = later(addColumn);
  expect(outcomes(await run({ migrations }))).toEqual([
    "acme pinned",
    "bravo moving",
    "carat done",
    "delta done",
    "echo done",
  ]);
  expect(await columnsOf("acme")).not.toContain("note");
  await sql`update tenants set pin_until = now() - interval '1 second' where slug = 'acme'`;
  await sql`update tenants set status = 'active' where slug = 'bravo'`;
  expect(outcomes(await run({ migrations }))).toEqual(["acme done", "bravo done"]);
});

describe("a contract migration", () => {
  test("waits while a living server knows only the older shape; one that is silent is gone", async () => {
    const migrations = later(addColumn, dropRole);
    await instance(latest);
    await instance(latest - 1, { audience: "https://other.test" });
    await instance(latest - 1, { seenAgo: "5 minutes" });
    const held = await run({ migrations });
    expect(held.state).toBe("finished");
    expect(new Set(held.tenants.map(({ outcome }) => outcome))).toEqual(new Set(["held"]));
    expect(held.tenants[0]?.waits).toMatch(/no_role\.sql waits: instance .* of shared runs version 1\.2\.3/);
    expect(await columnsOf("acme")).toEqual(expect.arrayContaining(["note", "role"]));
    expect(await record("acme")).toMatchObject({ schemaVersion: latest + 1, contractVersion: 0 });

    await platform.operator.registry.sql`update instances set schema_version = ${latest + 2}`;
    expect(new Set((await run({ migrations })).tenants.map(({ outcome }) => outcome))).toEqual(
      new Set(["done"]),
    );
    expect(await columnsOf("acme")).not.toContain("role");
    expect(await record("acme")).toMatchObject({ schemaVersion: latest + 2, contractVersion: latest + 2 });
    // This code is the older code now.
    const opened = platform.operator.tenants.open(tenants.get("acme")?.tenant.id ?? "");
    await expect(opened).rejects.toBeInstanceOf(TenantAhead);
  });

  test("waits for a pin on the same instance, whether it runs or not", async () => {
    const upstream = "https://own.test";
    await platform.operator.registry.sql`
      update tenants set upstream = ${upstream} where slug in ('acme', 'bravo')`;
    await platform.operator.registry.sql`
      update tenants set pinned_version = '1', pin_reason = 'freeze', pin_until = now() + interval '1 day'
      where slug = 'acme'`;
    const migrated = await run({ migrations: later(dropRole) });
    expect(outcomes(migrated)).toEqual([
      "acme pinned",
      "bravo held",
      "carat done",
      "delta done",
      "echo done",
    ]);
    expect(migrated.tenants[1]?.waits).toContain("acme is pinned on the same instance");
  });

  test("is announced before it is begun, so that a server of older code lets go first", async () => {
    const seen: number[] = [];
    await migrateTenants({
      ctx: platform.operator,
      input: { migrations: later(dropRole), slug: "acme" },
      onStep: async (step) => {
        if (step === "migrate acme") seen.push((await record("acme"))?.contractVersion ?? 0);
      },
    });
    expect(seen).toEqual([latest + 1]);
  });
});

test("a long statement on the table delays the tenant's migration, and others are not kept waiting behind it", async () => {
  const url = new URL(platform.address.adminUrl);
  url.pathname = `/${tenants.get("acme")?.record.database.name}`;
  const sql = connect({ url: url.href, max: 2 });
  const { promise: locked, resolve: onLocked } = Promise.withResolvers<void>();
  const { promise: release, resolve: onRelease } = Promise.withResolvers<void>();
  const holder = sql.begin(async (transaction) => {
    await transaction`select * from pay.users`;
    onLocked();
    await release;
  });
  await locked;
  const migrating = run({ migrations: later(addColumn), slug: "acme" });
  const waiting = () =>
    sql`select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`;
  while ((await waiting()).length === 0) await delay(20);
  const startedAt = performance.now();
  await sql`select * from pay.users`;
  expect(performance.now() - startedAt).toBeLessThan(2_500);
  onRelease();
  await holder;
  expect(outcomes(await migrating)).toEqual(["acme done"]);
  await sql.end();
});

test("a second run at once is refused and says who is at work, or waits when told to", async () => {
  const migrations = later(addColumn);
  let second: Promise<unknown> | undefined;
  const first = await migrateTenants({
    ctx: platform.operator,
    input: { migrations, parallel: 1 },
    onStep: async (step) => {
      if (step !== "migrate carat") return;
      await expect(run({ migrations })).rejects.toThrow(
        /operator:test migrates to \d+, \d of 5 tenants done/,
      );
      second = run({ migrations, wait: true });
    },
  });
  expect(first.tenants).toHaveLength(5);
  await expect(second).resolves.toMatchObject({ tenants: [] });
  await withFleetLock({ ctx: platform.operator }, async () => {
    await expect(run({ migrations })).rejects.toBeInstanceOf(FleetBusy);
  });
});

test("an unknown tenant is said to be unknown", async () => {
  await expect(run({ slug: "nobody" })).rejects.toBeInstanceOf(TenantUnknown);
  const ring = changeRing({ ctx: platform.operator, input: { slug: "nobody", ring: "canary" } });
  await expect(ring).rejects.toBeInstanceOf(TenantUnknown);
});
