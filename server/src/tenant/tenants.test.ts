import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { resumeTenant, suspendTenant } from "../operations/provisioning/change-status.ts";
import { addDatabaseServer } from "../operations/servers/database-servers.ts";
import { createLogger } from "../telemetry/log.ts";
import { type TestPlatform, testPlatform } from "../testing/index.ts";
import { type TcpProxy, tcpProxy } from "../testing/tcp-proxy.ts";
import { TenantBehind, TenantSuspended, TenantUnavailable, TenantUnknown } from "./errors.ts";
import { json } from "./tenant-db.ts";
import type { PoolOptions } from "./tenant-pools.ts";
import { type OpenTenant, openTenants, type Tenants } from "./tenants.ts";

let platform: TestPlatform;
let acme: OpenTenant;
let proxy: TcpProxy;
const open: Tenants[] = [];

beforeAll(async () => {
  platform = await testPlatform();
  acme = await platform.createTenant("acme");
  proxy = await tcpProxy(Number(new URL(platform.address.adminUrl).port));
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((tenants) => tenants.close()));
  await proxy.set("pass");
});
afterAll(async () => {
  await proxy.close();
  await platform.close();
});

function pooled(pool: PoolOptions = {}, more: { minimumSchemaVersion?: number } = {}): Tenants {
  const log = createLogger({ name: "test", level: "silent" });
  const tenants = openTenants({ registry: platform.operator.registry, log, pool, ...more });
  open.push(tenants);
  return tenants;
}

/** A tenant whose database is reached through the proxy. */
async function behindProxy(slug: string): Promise<string> {
  const { tenant } = await platform.createTenant(slug);
  const adminUrl = new URL(platform.address.adminUrl);
  adminUrl.port = String(proxy.port);
  await addDatabaseServer({
    ctx: platform.operator,
    input: { name: `proxy-${slug}`, adminUrl: adminUrl.href },
  });
  await platform.operator.registry.sql`
    update tenants set database_server = ${`proxy-${slug}`}, updated_at = clock_timestamp() where id = ${tenant.id}`;
  return tenant.id;
}

async function elapsed(run: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await run();
  return performance.now() - startedAt;
}

test("values arrive in their types: bigint, calendar date text, Date, arrays, JSON, bytes, null", async () => {
  const [row] = await acme.db.query`
    select tenant_id, ${9_007_199_254_740_993n}::bigint as big, '2026-02-28'::date as day,
      ${new Date("2026-01-02T03:04:05.678Z")}::timestamptz as at, ${['a "b"', "c,d", "e\\f", ""]}::text[] as list,
      ${json({ a: [1, null] })}::jsonb as object, ${json(null)}::jsonb = 'null'::jsonb as json_null,
      ${new Uint8Array([0, 255])}::bytea as bytes, ${undefined}::text as nothing, ${true}::boolean as yes
    from pay.users`;
  expect(row).toEqual({
    tenant_id: acme.tenant.id,
    big: 9_007_199_254_740_993n,
    day: "2026-02-28",
    at: new Date("2026-01-02T03:04:05.678Z"),
    list: ['a "b"', "c,d", "e\\f", ""],
    object: { a: [1, null] },
    json_null: true,
    bytes: Buffer.from([0, 255]),
    nothing: null,
    yes: true,
  });
});

test("a list of ids works as a parameter", async () => {
  const rows = await acme.db.query`
    select tenant_id from pay.users where tenant_id = any(${[acme.tenant.id]}::uuid[])`;
  expect(rows).toHaveLength(1);
});

test("an unknown, malformed or half-made tenant is unknown", async () => {
  const tenants = pooled();
  for (const id of ["00000000-0000-4000-8000-000000000000", "acme", ""]) {
    await expect(tenants.open(id)).rejects.toBeInstanceOf(TenantUnknown);
  }
  const { tenant } = await platform.createTenant("halfmade");
  await platform.operator.registry.sql`update tenants set status = 'creating' where id = ${tenant.id}`;
  await expect(tenants.open(tenant.id)).rejects.toBeInstanceOf(TenantUnknown);
});

test("a suspended tenant is refused until it is resumed, except to those who finish its work", async () => {
  const { tenant } = await platform.createTenant("pausing");
  const input = { slug: "pausing" };
  await suspendTenant({ ctx: platform.operator, input });
  await expect(platform.operator.tenants.open(tenant.id)).rejects.toBeInstanceOf(TenantSuspended);
  const forWork = await platform.operator.tenants.open(tenant.id, { evenSuspended: true });
  await expect(forWork.db.query`select tenant_id from pay.users`).resolves.toHaveLength(1);
  await expect(platform.operator.tenants.open(tenant.id)).rejects.toBeInstanceOf(TenantSuspended);
  await resumeTenant({ ctx: platform.operator, input });
  const { db } = await platform.operator.tenants.open(tenant.id);
  await expect(db.query`select tenant_id from pay.users`).resolves.toHaveLength(1);
});

test("a database below the schema this code needs is not opened", async () => {
  const tenants = pooled({}, { minimumSchemaVersion: 99 });
  await expect(tenants.open(acme.tenant.id)).rejects.toBeInstanceOf(TenantBehind);
});

test("a database that is down is said so quickly, and works again by itself when it is back", async () => {
  const id = await behindProxy("downtime");
  const { db } = await pooled().open(id);
  await expect(db.query`select tenant_id from pay.users`).resolves.toHaveLength(1);

  await proxy.set("refuse");
  for (let tries = 0; tries < 3; tries++) {
    const ms = await elapsed(() =>
      expect(db.query`select tenant_id from pay.users`).rejects.toBeInstanceOf(TenantUnavailable),
    );
    expect(ms).toBeLessThan(3_000);
  }
  await proxy.set("pass");
  await expect
    .poll(() => db.query`select tenant_id from pay.users`.catch(() => []), { timeout: 5_000 })
    .toHaveLength(1);
});

test("a database that swallows everything is given up after the query time, other tenants are served", async () => {
  const id = await behindProxy("silent");
  const tenants = pooled({ queryTimeoutMs: 500 });
  const { db } = await tenants.open(id);
  await db.query`select tenant_id from pay.users`;
  await proxy.set("swallow");
  const stuck = elapsed(() =>
    expect(db.query`select tenant_id from pay.users`).rejects.toBeInstanceOf(TenantUnavailable),
  );
  const other = await tenants.open(acme.tenant.id);
  await expect(other.db.query`select tenant_id from pay.users`).resolves.toHaveLength(1);
  expect(await stuck).toBeLessThan(3_000);
});

test("an exhausted pool refuses within the query time and then recovers", async () => {
  const { db } = await pooled({ maxConnections: 1, queryTimeoutMs: 400 }).open(acme.tenant.id);
  await db.query`select tenant_id from pay.users`;
  const long = db.query`select tenant_id, pg_sleep(1.5) from pay.users`.catch((error) => error);
  const waiting = await elapsed(() =>
    expect(db.query`select tenant_id from pay.users`).rejects.toBeInstanceOf(TenantUnavailable),
  );
  expect(waiting).toBeLessThan(1_000);
  await expect(long).resolves.toBeInstanceOf(TenantUnavailable);
  await expect
    .poll(() => db.query`select tenant_id from pay.users`.catch(() => []), { timeout: 5_000 })
    .toHaveLength(1);
});

test("behind one that ran out of time in the line everybody has their own answer, or none", async () => {
  const { db } = await pooled({ maxConnections: 1, queryTimeoutMs: 600 }).open(acme.tenant.id);
  const ask = (n: number, seconds = 0) =>
    db.query<{ tenant_id: string; n: number }>`
      select tenant_id, ${n}::int as n, pg_sleep(${seconds}::float8) from pay.users`.then(
      ([row]) => row?.n,
      (error) => error.constructor,
    );
  await ask(0);
  const late = [ask(1, 10), ask(2, 10)];
  await expect
    .poll(() => platform.operator.admin`select from pg_stat_activity where wait_event = 'PgSleep'`)
    .toHaveLength(1);
  // They have time left when the first two have none.
  await delay(300);
  const behind = [3, 4, 5].map((n) => ask(n));
  expect(await Promise.all(late)).toEqual([TenantUnavailable, TenantUnavailable]);
  const answers = await Promise.all(behind);
  expect(answers).toEqual([3, 4, 5].map((n, i) => (answers[i] === n ? n : TenantUnavailable)));
});

test("queries beyond the limit under way are refused at once", async () => {
  const { db } = await pooled({ maxConnections: 1, maxPending: 2 }).open(acme.tenant.id);
  const first = db.query`select tenant_id, pg_sleep(0.2) from pay.users`;
  const second = db.query`select tenant_id from pay.users`;
  await expect(db.query`select tenant_id from pay.users`).rejects.toThrow("2 queries under way");
  await expect(Promise.all([first, second])).resolves.toHaveLength(2);
});

test("a tenant whose pool was closed as the longest unused is reopened under the hands of its holder", async () => {
  const { tenant } = await platform.createTenant("pushed-out");
  const tenants = pooled({ maxConnectionsInAll: 1 });
  const one = await tenants.open(acme.tenant.id);
  const two = await tenants.open(tenant.id);
  for (let round = 0; round < 5; round++) {
    for (const { db } of [one, two]) {
      const rows = await db.query`select tenant_id from pay.users`;
      expect(rows).toEqual([{ tenant_id: db.tenant.id }]);
    }
  }
  const both = Array.from(
    { length: 20 },
    (_, n) => (n % 2 ? one : two).db.query`select tenant_id from pay.users`,
  );
  await expect(Promise.all(both)).resolves.toHaveLength(20);
});

test("sessions are bounded: statements by the pool, locks and idle transactions by the role", async () => {
  const [row] = await acme.db.query`
    select tenant_id, current_setting('statement_timeout') as statement, current_setting('lock_timeout') as lock,
      current_setting('idle_in_transaction_session_timeout') as idle, current_setting('app.tenant_id') as speaks_for
    from pay.users`;
  expect(row).toMatchObject({ statement: "2500ms", lock: "2s", idle: "10s", speaks_for: acme.tenant.id });
});
