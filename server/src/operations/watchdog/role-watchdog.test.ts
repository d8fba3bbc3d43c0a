import { PassThrough } from "node:stream";
import postgres from "postgres";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createContextFactory } from "../../context/context-factory.ts";
import { createLogger } from "../../telemetry/log.ts";
import { connectionUrl, type OpenTenant, openTenants, type Tenants } from "../../tenant/tenants.ts";
import { type TestPlatform, testPlatform } from "../../testing/index.ts";
import { diagnose } from "../doctor/diagnose.ts";
import { inspectRole } from "../servers/inspect-role.ts";
import { repairRole } from "../servers/repair-role.ts";
import { createRoleWatchdog } from "./role-watchdog.ts";

let platform: TestPlatform;
/** As a server has it. */
let tenants: Tenants;
let acme: OpenTenant;
const thieves: postgres.Sql[] = [];
const lines: string[] = [];
beforeAll(async () => {
  platform = await testPlatform();
  await platform.createTenant("globex");
  acme = await platform.createTenant("acme");
  const destination = new PassThrough().on("data", (line) => lines.push(String(line)));
  tenants = openTenants({
    registry: platform.operator.registry,
    log: createLogger({ name: "test", level: "silent" }),
  });
  makeContext = createContextFactory({ log: createLogger({ name: "test", destination }) });
});
beforeEach(async () => {
  await Promise.all(thieves.splice(0).map((sql) => sql.end({ timeout: 1 })));
  await repair();
  lines.length = 0;
});
afterAll(async () => {
  await Promise.all(thieves.splice(0).map((sql) => sql.end({ timeout: 1 })));
  await tenants.close();
  await platform.close();
});

let makeContext: ReturnType<typeof createContextFactory>;
const repair = (newPassword = false) =>
  repairRole({ ctx: platform.operator, input: { slug: "acme", newPassword } });
const state = () => inspectRole({ ctx: platform.operator, record: acme.record });
const found = async () =>
  (await diagnose({ ctx: platform.operator }))
    .filter(({ what }) => /role|notifications|reachable/.test(what))
    .map(({ ok, what, advice }) => ({ ok, what, advice }));

/** Whoever has the tenant's password. */
async function thief(): Promise<postgres.Sql> {
  const url = await connectionUrl({ registry: platform.operator.registry, record: acme.record });
  const connection = { "app.tenant_id": acme.tenant.id };
  const sql = postgres(url, { max: 1, onnotice: () => {}, connection, fetch_types: false });
  thieves.push(sql);
  await sql`select 1`;
  return sql;
}

/** What the worker does at its next turn. */
async function watch(): Promise<void> {
  const open = await tenants.open(acme.tenant.id);
  const ctx = makeContext(open, { actor: { kind: "worker" }, requestId: "worker" });
  await createRoleWatchdog({ registry: platform.operator.registry.sql }).run(ctx);
}
const alarms = () => lines.map((line) => JSON.parse(line)).filter(({ level }) => level === 60);

/** As if a transaction had been open since: PostgreSQL's clock cannot be told another time, so the look is. */
async function watchLater(afterS: number): Promise<void> {
  const open = await tenants.open(acme.tenant.id);
  const ctx = makeContext(open, { actor: { kind: "worker" }, requestId: "worker" });
  const db: typeof ctx.db = {
    tenant: ctx.db.tenant,
    query: (strings, ...values) =>
      ctx.db.query(
        Object.assign(
          strings.map((part) =>
            part.replaceAll("clock_timestamp()", `(clock_timestamp() + interval '${afterS} s')`),
          ),
          { raw: strings.raw },
        ) as never,
        ...values,
      ),
  };
  await createRoleWatchdog({ registry: platform.operator.registry.sql }).run({ ...ctx, db });
}

test("of a tenant whose role has done nothing to itself nothing is said, and nothing is ended", async () => {
  const sql = await thief();
  await watch();
  expect(alarms()).toEqual([]);
  await expect(sql`select 1`).resolves.toHaveLength(1);
  expect(await state()).toMatchObject({
    lifted: [],
    password: "theirs",
    long: 0,
    openToAll: [],
    notificationQueue: expect.any(Number),
  });
  expect((await found()).every(({ ok }) => ok)).toBe(true);
});

test.each([
  ["a statement without end", async (sql: postgres.Sql) => void sql`select pg_sleep(600)`.catch(() => {})],
  [
    "a transaction that does nothing",
    async (sql: postgres.Sql) => {
      await sql`begin`;
      await sql`select 1`;
    },
  ],
  [
    "a listener that keeps the queue of notifications from being emptied",
    async (sql: postgres.Sql) => {
      await sql`listen x`;
      await sql`begin`;
      await sql`select 1`;
    },
  ],
])("%s, its time-outs lifted by SET, is ended by the worker's next turn", async (_, hold) => {
  const sql = await thief();
  await sql`set statement_timeout = 0`;
  await sql`set idle_in_transaction_session_timeout = 0`;
  await sql`set transaction_timeout = 0`.catch(() => {});
  await hold(sql);
  await watchLater(30);
  expect(alarms()).toEqual([]);
  await watchLater(61);
  expect(alarms()).toMatchObject([
    { tenantId: acme.tenant.id, msg: expect.stringContaining("past its bounds") },
  ]);
  await expect.poll(async () => (await state()).long).toBe(0);
  const open = await platform.operator.admin`
    select from pg_stat_activity where usename = ${acme.record.database.role} and xact_start is not null
      and application_name not like 'pay-server/%'`;
  expect(open).toEqual([]);
});

test("a backup's snapshot is left alone while one is being made", async () => {
  const { sql: registry } = platform.operator.registry;
  const sql = await thief();
  await sql`set idle_in_transaction_session_timeout = 0`;
  await sql`begin isolation level repeatable read read only`;
  await sql`select pg_export_snapshot()`;
  await registry`
    insert into backups (id, tenant_id, slug, file, schema_version, requested_by)
    values (gen_random_uuid(), ${acme.tenant.id}, 'acme', '/nowhere', 1, 'test')`;
  await watchLater(3_600);
  expect(alarms()).toEqual([]);
  await registry`update backups set failed_at = now(), failure = 'test'`;
  await watchLater(3_600);
  expect(alarms()).toHaveLength(1);
});

test("bounds lifted by ALTER ROLE, of one database too, are set back by the worker, and by an administrator", async () => {
  const sql = await thief();
  const { name, role } = acme.record.database;
  await sql`alter role current_user set statement_timeout = 0`;
  await sql`alter role current_user set work_mem = '1GB'`;
  await sql`alter role current_user reset lock_timeout`;
  expect([...(await state()).lifted].sort()).toEqual([
    "no lock_timeout",
    "no statement_timeout",
    "statement_timeout=0",
    "work_mem=1GB",
  ]);
  expect(await found()).toContainEqual({
    ok: false,
    what: expect.stringMatching(/^acme: its role has lifted its bounds: .*work_mem=1GB/),
    advice: expect.stringContaining("clarity tenant repair-role acme"),
  });
  await watch();
  expect(alarms()).toMatchObject([{ msg: expect.stringContaining("lifted its bounds") }]);
  expect((await state()).lifted).toEqual([]);
  await sql.unsafe(`alter role "${role}" in database "${name}" set statement_timeout = 0`);
  expect((await state()).lifted).toEqual([`${name}: statement_timeout=0`]);
  await watch();
  expect((await state()).lifted).toEqual([]);
  await sql.unsafe(`alter role "${role}" in database "${name}" set statement_timeout = 0`);
  expect(await repair()).toMatchObject({ lifted: [`${name}: statement_timeout=0`], newPassword: false });
  expect((await state()).lifted).toEqual([]);
});

test("a password that the role changed keeps servers out; the doctor says so, and repair lets them in again", async () => {
  const sql = await thief();
  await sql`alter role current_user password 'stolen'`;
  const fresh = openTenants({
    registry: platform.operator.registry,
    log: createLogger({ name: "test", level: "silent" }),
  });
  const { db } = await fresh.open(acme.tenant.id);
  await expect(db.query`select tenant_id from pay.users`).rejects.toMatchObject({
    code: "tenant_unavailable",
  });
  expect(await found()).toContainEqual({
    ok: false,
    what: expect.stringMatching(/^acme: the password of its role .* is not the one that servers have/),
    advice: expect.stringContaining("repair-role acme"),
  });
  expect((await repair()).ended).toBeGreaterThan(0);
  await expect
    .poll(() => db.query`select tenant_id from pay.users`.catch(() => []), { timeout: 5_000 })
    .toHaveLength(1);
  await fresh.close();
});

test("a new password shuts out who has the present one, and servers go on", async () => {
  const sql = await thief();
  const before = await connectionUrl({ registry: platform.operator.registry, record: acme.record });
  const { db } = await tenants.open(acme.tenant.id);
  await db.query`select tenant_id from pay.users`;
  await repair(true);
  await expect(sql`select 1`).rejects.toThrow();
  const late = postgres(before, { max: 1, fetch_types: false });
  thieves.push(late);
  await expect(late`select 1`).rejects.toMatchObject({ code: "28P01" });
  await expect
    .poll(
      async () => {
        const open = await tenants.open(acme.tenant.id);
        return open.db.query`select tenant_id from pay.users`.catch(() => []);
      },
      { timeout: 10_000 },
    )
    .toHaveLength(1);
  const record = await platform.operator.registry.findBySlug("acme");
  if (record) acme = { ...acme, record };
  expect(await state()).toMatchObject({ password: "theirs", lifted: [] });
  const [audit] = await platform.operator.registry.sql`
    select detail from operator_audit where action = 'tenant.repair_role' order by id desc limit 1`;
  expect(audit?.detail).toMatchObject({ newPassword: true });
});
