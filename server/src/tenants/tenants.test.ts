import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestPlatform, testPlatform } from "../testing/index.ts";

let platform: TestPlatform;
beforeAll(async () => {
  platform = await testPlatform();
});
afterAll(() => platform.close());

test("a new tenant has its database, settings, theme and owner", async () => {
  const acme = await platform.createTenant("acme", {
    template: "netsuite-order-to-cash",
    name: "Acme Industrial",
  });
  await expect(acme.settings.get("seller.name")).resolves.toBe("Acme Industrial");
  await expect(acme.settings.get("surcharge.rules")).resolves.toHaveLength(1);
  const users = await acme.db.query`select tenant_id, email, role from pay.users`;
  expect(users).toEqual([{ tenant_id: acme.tenant.id, email: "admin@acme.test", role: "owner" }]);
});
