import { pino } from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import { connect, type Sql } from "../../database/connect.ts";
import { quotas } from "../../tenant/quotas.ts";
import { connectionUrl, type OpenTenant, openTenants } from "../../tenant/tenants.ts";
import { type TestPlatform, testPlatform } from "../../testing/index.ts";
import { applyRoleLimits } from "./role-limits.ts";

let platform: TestPlatform;
beforeAll(async () => {
  platform = await testPlatform();
});
afterAll(() => platform.close());

const limitOf = async ({ record }: OpenTenant) => {
  const [row] = await platform.operator.admin<{ limit: number }[]>`
    select rolconnlimit as limit from pg_roles where rolname = ${record.database.role}`;
  return row?.limit;
};

/** As somebody who has the tenant's password, without our pools. */
async function sessionOf({ record }: OpenTenant): Promise<Sql> {
  const url = await connectionUrl({ registry: platform.operator.registry, record });
  return connect({ url, max: 1, behindPooler: true, session: { "app.tenant_id": record.id } });
}

test("a tenant's role is bounded by its tier from the start, and by its new one when that changes", async () => {
  const starter = await platform.createTenant("small", { tier: "starter" });
  const standard = await platform.createTenant("usual");
  expect(await limitOf(starter)).toBe(quotas.starter.connections);
  expect(await limitOf(standard)).toBe(quotas.standard.connections);
  for (let times = 0; times < 2; times++) {
    const record = { ...starter.record, tier: "dedicated" } as const;
    await applyRoleLimits({ ctx: platform.operator, record });
    expect(await limitOf(starter)).toBe(quotas.dedicated.connections);
  }
});

test("PostgreSQL refuses one connection more than the role may have, and the tenant's other ones go on", async () => {
  const tenant = await platform.createTenant("greedy", { tier: "starter" });
  // As servers open it.
  const tenants = openTenants({ registry: platform.operator.registry, log: pino({ level: "silent" }) });
  const { db } = await tenants.open(tenant.tenant.id);
  const held: Sql[] = [];
  for (let n = 0; n < quotas.starter.connections; n++) {
    const sql = await sessionOf(tenant);
    await sql`select 1`;
    held.push(sql);
  }
  const another = await sessionOf(tenant);
  await expect(another`select 1`).rejects.toMatchObject({ code: "53300" });
  await expect(db.query`select tenant_id from pay.users`).rejects.toMatchObject({
    name: "TenantUnavailable",
  });
  await held.pop()?.end();
  await expect
    .poll(() => db.query`select tenant_id from pay.users`.catch(() => []), { timeout: 5_000 })
    .toHaveLength(1);
  await Promise.all([another, ...held].map((sql) => sql.end({ timeout: 1 })));
  await tenants.close();
});

test("a session that holds a lock or does nothing in a transaction holds nobody up for long", async () => {
  const tenant = await platform.createTenant("slow");
  const [holder, waiter] = [await sessionOf(tenant), await sessionOf(tenant)];
  const [bounds] = await holder`
    select current_setting('statement_timeout') as statement, current_setting('lock_timeout') as lock,
      current_setting('idle_in_transaction_session_timeout') as idle`;
  expect(bounds).toEqual({ statement: "5s", lock: "2s", idle: "10s" });
  const gate = Promise.withResolvers<void>();
  const locked = Promise.withResolvers<void>();
  const holding = holder.begin(async (tx) => {
    await tx`select from pay.settings for update`;
    locked.resolve();
    await gate.promise;
  });
  await locked.promise;
  await expect(waiter`update pay.settings set value = value`).rejects.toMatchObject({ code: "55P03" });
  gate.resolve();
  await holding;
  await Promise.all([holder, waiter].map((sql) => sql.end()));
});
