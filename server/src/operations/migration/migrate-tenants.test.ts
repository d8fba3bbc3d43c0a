import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { connect } from "../../database/connect.ts";
import { TenantBehind, TenantUnknown } from "../../tenant/errors.ts";
import { latestSchemaVersion } from "../../tenant/schema.ts";
import { diagnose } from "../doctor/diagnose.ts";
import { FleetBusy, withFleetLock } from "./fleet-lock.ts";
import { fleetStatus } from "./fleet-status.ts";
import { migrateTenants } from "./migrate-tenants.ts";
import type { Progress } from "./progress.ts";
import { changeRing } from "./rings.ts";
import type { Later } from "./testing/migrations-folder.ts";
import { addColumn, outcomes, testFleet } from "./testing/test-fleet.ts";

const latest = latestSchemaVersion();
const fleet = testFleet();
const { run, record, open, later, columnsOf, inDatabase } = fleet;

/** Fails where a user is called so. */
const pickyMigration = (email: string): Later => ({
  name: "picky",
  up: `alter table pay.users add constraint picky check (email <> '${email}');`,
});

test("rings go one after the other, every tenant gets there, and a second run has nothing to do", async () => {
  const migrations = later(addColumn);
  const order: string[] = [];
  const progress: Progress[] = [];
  const migrated = await migrateTenants({
    ctx: fleet.ctx,
    input: { migrations },
    onStep: (step) => void (step.startsWith("migrate") && order.push(step)),
    onProgress: (now) => void progress.push(now),
  });
  expect(migrated).toMatchObject({ state: "finished", reason: null, target: latest + 1, resumed: false });
  expect(outcomes(migrated)).toEqual(["acme done", "bravo done", "carat done", "delta done", "echo done"]);
  expect(order.slice(0, 4)).toEqual(["migrate acme", "migrated acme", "migrate bravo", "migrated bravo"]);
  for (const slug of fleet.slugs) {
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
  const audit = await fleet.ctx.registry.sql<{ action: string }[]>`
    select action from operator_audit
    where detail ->> 'run' = ${migrated.runId} order by id`;
  expect(audit.map(({ action }) => action)).toEqual([
    "migrate.begin",
    ...Array(5).fill("tenant.migrate"),
    "migrate.finish",
  ]);
});

test("tenants behind the minimum are refused, migrated, and served again", async () => {
  await fleet.ctx.registry.sql`
    update tenants set schema_version = 0, updated_at = clock_timestamp() where slug = 'acme'`;
  await expect(open("acme")).rejects.toBeInstanceOf(TenantBehind);
  await expect(open("acme")).rejects.toMatchObject({ code: "tenant_upgrading" });
  const findings = await diagnose({ ctx: fleet.ctx });
  expect(findings.filter(({ ok }) => !ok)).toMatchObject([{ advice: "run clarity migrate" }]);
  expect((await run({})).tenants).toMatchObject([{ slug: "acme", from: 0, to: latest, outcome: "done" }]);
  const { db } = await open("acme");
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
    await expect(open("acme")).resolves.toBeDefined();
    expect(await fleetStatus({ ctx: fleet.ctx })).toMatchObject({
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
    await fleet.ctx.registry.sql`update tenants set ring = 'rest'`;
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
    const name = fleet.databaseOf("delta");
    const migrations = later(addColumn);
    await fleet.ctx.admin.unsafe(`alter database ${name} allow_connections false`);
    const migrated = await run({ migrations });
    expect(migrated.tenants[3]).toMatchObject({
      outcome: "failed",
      error: expect.stringContaining("not currently accepting"),
    });
    await fleet.ctx.admin.unsafe(`alter database ${name} allow_connections true`);
    expect(outcomes(await run({ migrations }))).toEqual(["delta done"]);
  });
});

test("a long statement on the table delays the tenant's migration, and others are not kept waiting behind it", async () => {
  const sql = connect({ url: fleet.urlOf("acme"), max: 2 });
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
    ctx: fleet.ctx,
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
  await withFleetLock({ ctx: fleet.ctx }, async () => {
    await expect(run({ migrations })).rejects.toBeInstanceOf(FleetBusy);
  });
});

test("an unknown tenant is said to be unknown", async () => {
  await expect(run({ slug: "nobody" })).rejects.toBeInstanceOf(TenantUnknown);
  const ring = changeRing({ ctx: fleet.ctx, input: { slug: "nobody", ring: "canary" } });
  await expect(ring).rejects.toBeInstanceOf(TenantUnknown);
});
