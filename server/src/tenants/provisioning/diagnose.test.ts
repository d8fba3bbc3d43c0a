import { afterEach, beforeEach, expect, test } from "vitest";
import { type TestPlatform, testPlatform } from "../../testing/index.ts";
import { latestSchemaVersion } from "../schema.ts";
import { diagnose } from "./diagnose.ts";
import { preparePlatform } from "./prepare-platform.ts";

let platform: TestPlatform;
beforeEach(async () => {
  platform = await testPlatform();
});
afterEach(() => platform.close());

test("preparing again keeps tenants and the registry's password when it is given, and renews it when not", async () => {
  const acme = await platform.createTenant("acme");
  const { address } = platform;
  await expect(preparePlatform(address)).resolves.toEqual(address);
  await expect(platform.operator.registry.findById(acme.tenant.id)).resolves.toMatchObject({
    status: "active",
  });
  const { adminUrl, masterKeyFile, namespace } = address;
  const renewed = await preparePlatform({ adminUrl, masterKeyFile, namespace });
  expect(renewed.registryUrl).not.toBe(address.registryUrl);
});

test("the doctor names what is wrong with each tenant", async () => {
  const { registry } = platform.operator;
  await Promise.all(["fine", "moved", "half", "parked"].map((slug) => platform.createTenant(slug)));
  await expect(diagnose({ ctx: platform.operator })).resolves.not.toContainEqual(
    expect.objectContaining({ ok: false }),
  );
  await registry.sql`
    update tenants set database_name = 'nowhere', updated_at = clock_timestamp() where slug = 'moved'`;
  await registry.sql`update tenants set status = 'creating', updated_at = clock_timestamp() where slug = 'half'`;
  await registry.sql`
    update tenants set parked_at = now(), parked_reason = '0009.sql: no', updated_at = clock_timestamp()
    where slug = 'parked'`;
  const bad = (await diagnose({ ctx: platform.operator })).filter(({ ok }) => !ok);
  expect(bad).toEqual([
    {
      ok: false,
      what: expect.stringContaining("half: its creation"),
      advice: expect.stringContaining("create again"),
    },
    {
      ok: false,
      what: expect.stringContaining("moved: "),
      advice: expect.stringContaining("its database there"),
    },
    {
      ok: false,
      what: `parked: parked at schema ${latestSchemaVersion()}: 0009.sql: no`,
      advice: "mend it, then run clarity migrate retry parked",
    },
  ]);
});
