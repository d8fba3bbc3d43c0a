import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { TenantUnknown } from "../../tenant/errors.ts";
import { latestSchemaVersion } from "../../tenant/schema.ts";
import { type TestPlatform, testPlatform } from "../../testing/index.ts";
import { moveTenant } from "./move-tenant.ts";
import { type NewPin, pinTenant } from "./pin-tenant.ts";
import { unpinTenant } from "./unpin-tenant.ts";

const latest = latestSchemaVersion();
const until = new Date("2999-01-07T06:00Z");
let platform: TestPlatform;
beforeAll(async () => {
  platform = await testPlatform();
  await platform.createTenant("acme");
});
afterAll(() => platform.close());
beforeEach(async () => {
  await platform.operator.registry.sql`delete from instances`;
  await unpin().catch(() => {});
});

const ctx = () => platform.operator;
const pin = (more: Partial<NewPin> = {}) =>
  pinTenant({ ctx: ctx(), input: { slug: "acme", version: "1.4.0", reason: "freeze", until, ...more } });
const unpin = () => unpinTenant({ ctx: ctx(), input: { slug: "acme" } });
const acme = () => ctx().registry.findBySlug("acme");

const lives = (audience: string, version = "1.4.0", [minimum, newest] = [latest, latest]) =>
  ctx().registry.sql`
    insert into instances (id, audience, version, schema_version, minimum_schema_version, started_at, seen_at)
    values (${randomUUID()}, ${audience}, ${version}, ${newest}, ${minimum}, now(), now())`;

const one = "https://one.instances.test";
const two = "https://two.instances.test";

test("a pinned tenant is served by the instance of that version, and goes back at the end; both are audited", async () => {
  await lives(one);
  await expect(pin()).resolves.toMatchObject({ audience: one });
  expect(await acme()).toMatchObject({ upstream: one, pin: { version: "1.4.0", reason: "freeze", until } });
  await expect(unpin()).resolves.toEqual({ audience: "shared", stays: null });
  expect(await acme()).toMatchObject({ upstream: null, pin: null });
  await expect(unpin()).rejects.toThrow("acme is not pinned");
  const rows = await ctx().registry.sql`
    select action, detail from operator_audit where action in ('tenant.pin', 'tenant.unpin') order by id limit 2`;
  expect(rows).toMatchObject([
    { action: "tenant.pin", detail: { version: "1.4.0", reason: "freeze", instance: one } },
    { action: "tenant.unpin", detail: { instance: "shared" } },
  ]);
});

test("pinned again, the new version and date count, and it still goes back to where it was before the first", async () => {
  await lives(one);
  await lives(two, "1.5.0");
  await pin();
  const later = new Date("2999-02-01");
  await pin({ version: "1.5.0", until: later });
  expect(await acme()).toMatchObject({ upstream: two, pin: { version: "1.5.0", until: later } });
  await expect(unpin()).resolves.toEqual({ audience: "shared", stays: null });
});

test("of several instances of a version its own is taken, else one must be named", async () => {
  await lives(one);
  await lives(two);
  await expect(pin()).rejects.toThrow(`name one with --instance (${one}, ${two})`);
  await expect(pin({ instance: `${two}/` })).resolves.toMatchObject({ audience: two });
  await expect(pin({ reason: "longer" })).resolves.toMatchObject({ audience: two });
});

test("a pinned tenant is moved to instances of its version alone", async () => {
  await lives(one);
  await pin();
  await lives(two, "1.5.0");
  const move = () => moveTenant({ ctx: ctx(), input: { slug: "acme", instance: two } });
  await expect(move()).rejects.toThrow(`acme is pinned to 1.4.0, and ${two} is 1.5.0`);
  await ctx().registry.sql`update instances set version = '1.4.0'`;
  await expect(move()).resolves.toMatchObject({ to: { upstream: two } });
  await expect(unpin()).resolves.toEqual({ audience: two, stays: null });
  await moveTenant({ ctx: ctx(), input: { slug: "acme", instance: "shared" } });
});

test.each<[string, () => Promise<unknown>, Partial<NewPin>, string]>([
  [
    "no instance of that version lives",
    () => lives(one, "1.5.0"),
    {},
    "no instance of its own of version 1.4.0",
  ],
  [
    "the shared servers alone are of it",
    () => lives("shared"),
    {},
    "no instance of its own of version 1.4.0",
  ],
  [
    "it needs more than the tenant's schema",
    () => lives(one, "1.4.0", [latest + 1, latest + 1]),
    {},
    "that serves schema",
  ],
  [
    "another version answers there as well",
    () => Promise.all([lives(one), lives(one, "1.5.0")]),
    {},
    "a server of version 1.5.0",
  ],
  ["the end is past", () => lives(one), { until: new Date(0) }, "lies in the future"],
  ["there is no reason", () => lives(one), { reason: " " }, "reason"],
])("it is refused when %s, and nothing changes", async (_, prepare, more, why) => {
  await prepare();
  await expect(pin(more)).rejects.toThrow(why);
  expect(await acme()).toMatchObject({ upstream: null, pin: null });
});

test("a tenant nobody has cannot be pinned", async () => {
  await lives(one);
  await expect(pin({ slug: "nobody" })).rejects.toThrow(TenantUnknown);
});
