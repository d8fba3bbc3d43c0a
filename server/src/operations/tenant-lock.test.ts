import pino from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestPlatform, testPlatform } from "../testing/index.ts";
import { openOperator } from "./operator.ts";
import { ifTenantFree, withTenantLock } from "./tenant-lock.ts";

let platform: TestPlatform;
beforeAll(async () => {
  platform = await testPlatform();
});
afterAll(() => platform.close());

test("operators whose administrators' URLs name different databases of one server take turns", async () => {
  const adminUrl = new URL(platform.address.adminUrl);
  adminUrl.pathname = "/template1";
  const address = { ...platform.address, adminUrl: adminUrl.href };
  const other = openOperator({ address, operator: "other", log: pino({ level: "silent" }) });
  const { tenant } = await platform.createTenant("acme");
  const enter = () => ifTenantFree({ ctx: other, tenantId: tenant.id }, async () => "in");
  const meanwhile = await withTenantLock({ ctx: platform.operator, tenantId: tenant.id }, enter);
  expect([meanwhile, await enter()]).toEqual([null, "in"]);
  await other.close();
});
