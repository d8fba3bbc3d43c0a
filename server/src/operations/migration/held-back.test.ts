import { describe, expect, test } from "vitest";
import { TenantAhead } from "../../tenant/errors.ts";
import { latestSchemaVersion } from "../../tenant/schema.ts";
import { migrateTenants } from "./migrate-tenants.ts";
import type { Later } from "./testing/migrations-folder.ts";
import { addColumn, outcomes, testFleet } from "./testing/test-fleet.ts";

const latest = latestSchemaVersion();
const fleet = testFleet();
const { run, record, open, later, columnsOf } = fleet;

const dropRole: Later = {
  name: "no_role",
  up: "-- phase: contract\nalter table pay.users drop column role;",
};

const instance = (schemaVersion: number, { audience = "shared", seenAgo = "1 second", minimum = 1 } = {}) =>
  fleet.ctx.registry.sql`
    insert into instances (id, audience, version, schema_version, minimum_schema_version, started_at, seen_at)
    values (gen_random_uuid(), ${audience}, '1.2.3', ${schemaVersion}, ${minimum}, now(), now() - ${seenAgo}::interval)`;

test("pinned and moving tenants are left as they are, until the pin's end", async () => {
  const { sql } = fleet.ctx.registry;
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

test("who is half made is left to its creation, and is not among those to be tried", async () => {
  const { sql } = fleet.ctx.registry;
  await sql`update tenants set status = 'creating' where slug = 'carat'`;
  const totals: number[] = [];
  const migrated = await migrateTenants({
    ctx: fleet.ctx,
    input: { migrations: later(addColumn) },
    onProgress: ({ total }) => totals.push(total),
  });
  expect(outcomes(migrated)).toEqual([
    "acme done",
    "bravo done",
    "carat unfinished",
    "delta done",
    "echo done",
  ]);
  expect(migrated.tenants[2]?.waits).toContain("half made");
  expect(new Set(totals)).toEqual(new Set([4]));
  expect(await columnsOf("carat")).not.toContain("note");
  expect(await record("carat")).toMatchObject({ schemaVersion: latest });
});

test("who is pinned or moves while others are migrated is left alone, or migrated where it lives by then", async () => {
  const { admin, registry } = fleet.ctx;
  const { sql } = registry;
  const liveIn = (slug: string, database: string) =>
    sql`update tenants set database_name = ${database} where slug = ${slug}`;
  const original = fleet.databaseOf("delta");
  const copy = `${original}_moved`;
  const [had] =
    await admin`select datdba::regrole::text as owner from pg_database where datname = ${original}`;
  await admin.unsafe(`create database "${copy}" template "${original}" owner ${had?.owner}`);
  const changes: Record<string, () => Promise<unknown>> = {
    "migrate carat": () =>
      sql`update tenants set pinned_version = '1', pin_reason = 'freeze', pin_until = now() + interval '1 day' where slug = 'carat'`,
    "migrate delta": () => liveIn("delta", copy),
    "migrated echo": () => liveIn("echo", "elsewhere"),
  };
  const migrations = later(addColumn);
  const ran = await migrateTenants({
    ctx: fleet.ctx,
    input: { migrations },
    onStep: (step) => changes[step]?.().then(() => {}),
  });
  expect(outcomes(ran).slice(2)).toEqual(["carat pinned", "delta done", "echo done"]);
  expect(await columnsOf("carat")).not.toContain("note");
  // The old copy.
  expect(await columnsOf("delta")).not.toContain("note");
  expect(await record("delta")).toMatchObject({ schemaVersion: latest + 1 });
  // It was an old copy by the time that it was written down.
  expect(await record("echo")).toMatchObject({ schemaVersion: latest });
  await liveIn("echo", fleet.databaseOf("echo"));
  await sql`update tenants set pin_until = now() where slug = 'carat'`;
  expect(outcomes(await run({ migrations }))).toEqual(["carat done", "echo done"]);
  expect(await record("echo")).toMatchObject({ schemaVersion: latest + 1 });
  await admin.unsafe(`drop database "${copy}"`);
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

    await fleet.ctx.registry.sql`update instances set schema_version = ${latest + 2}`;
    expect(new Set((await run({ migrations })).tenants.map(({ outcome }) => outcome))).toEqual(
      new Set(["done"]),
    );
    expect(await columnsOf("acme")).not.toContain("role");
    expect(await record("acme")).toMatchObject({ schemaVersion: latest + 2, contractVersion: latest + 2 });
    // This code is the older code now.
    const opened = open("acme");
    await expect(opened).rejects.toBeInstanceOf(TenantAhead);
  });

  test("waits for a pin on the same instance, whether it runs or not", async () => {
    const upstream = "https://own.test";
    await fleet.ctx.registry.sql`
      update tenants set upstream = ${upstream} where slug in ('acme', 'bravo')`;
    await fleet.ctx.registry.sql`
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
      ctx: fleet.ctx,
      input: { migrations: later(dropRole), slug: "acme" },
      onStep: async (step) => {
        if (step === "migrate acme") seen.push((await record("acme"))?.contractVersion ?? 0);
      },
    });
    expect(seen).toEqual([latest + 1]);
  });
});
