import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { latestSchemaVersion } from "../../tenant/schema.ts";
import { connectionUrl } from "../../tenant/tenants.ts";
import { type TestPlatform, testPlatform } from "../../testing/index.ts";
import { startOtherServer } from "../placement/testing/other-server.ts";
import { addDatabaseServer } from "../servers/database-servers.ts";
import { createTenant, type NewTenant } from "./create-tenant.ts";
import { HostTaken, SlugTaken } from "./register-tenant.ts";
import { TemplateName } from "./templates.ts";
import type { CreateChildInput } from "./testing/create-child.ts";
import { inputFor } from "./testing/input-for.ts";
import { waitForLock } from "./testing/wait-for-lock.ts";

let platform: TestPlatform;
beforeAll(async () => {
  platform = await testPlatform();
});
afterAll(() => platform.close());

const create = (input: NewTenant) => createTenant({ ctx: platform.operator, input });

async function createInChild(input: Omit<CreateChildInput, "address">): Promise<NodeJS.Signals | number> {
  const script = fileURLToPath(new URL("./testing/create-child.ts", import.meta.url));
  const argument = JSON.stringify({ address: platform.address, ...input });
  const child = spawn(process.execPath, [script, argument], { stdio: ["ignore", "inherit", "inherit"] });
  const [code, signal] = await once(child, "exit");
  return signal ?? code;
}

/** Everything a finished tenant must be, once. */
async function expectWhole(slug: string): Promise<void> {
  const { admin, registry, tenants } = platform.operator;
  const [record, ...more] = (await registry.list()).filter((tenant) => tenant.slug === slug);
  expect(more).toEqual([]);
  expect(record).toMatchObject({
    status: "active",
    hosts: [`${slug}.localhost`],
    schemaVersion: latestSchemaVersion(),
  });
  if (!record) throw new Error("unreachable");
  const { name, role } = record.database;
  expect(await admin`select datallowconn from pg_database where datname = ${name}`).toEqual([
    { datallowconn: true },
  ]);
  expect(await admin`select rolcanlogin from pg_roles where rolname = ${role}`).toEqual([
    { rolcanlogin: true },
  ]);
  expect(await admin`select has_database_privilege('public', ${name}, 'connect') as open`).toEqual([
    { open: false },
  ]);

  const { db, settings } = await tenants.open(record.id);
  await expect(settings.get("seller.name")).resolves.toBe(`${slug} Ltd`);
  await expect(settings.get("surcharge.rules")).resolves.toHaveLength(1);
  const count = async (rows: PromiseLike<readonly unknown[]>) => (await rows).length;
  expect(await count(db.query`select tenant_id from pay.users where role = 'owner'`)).toBe(1);
  expect(await count(db.query`select tenant_id from pay.themes where published_at is not null`)).toBe(1);
  expect(await count(db.query`select tenant_id from pay.audit_log where action = 'tenant.create'`)).toBe(1);
  expect(
    await count(registry.sql`
      select from operator_audit where tenant_id = ${record.id} and action = 'tenant.create'`),
  ).toBe(1);
}

test.each(TemplateName.options)("the template %s makes a tenant that opens", async (template) => {
  const slug = `from-${template}`;
  const open = await platform.createTenant(slug, { template });
  await expect(open.settings.get("seller.name")).resolves.toBe(`${slug} Ltd`);
  await expect(open.settings.get("surcharge.rules")).resolves.toBeInstanceOf(Array);
});

test("the same input again answers the same tenant and changes nothing", async () => {
  const first = await create(inputFor("again"));
  const { settings } = await platform.operator.tenants.open(first.tenant.id);
  await settings.set("seller.name", "again Ltd & Sons");
  const second = await create(inputFor("again"));
  expect(second).toMatchObject({ tenant: first.tenant, created: false });
  await expect(settings.get("seller.name")).resolves.toBe("again Ltd & Sons");
});

test("a slug or host of another tenant is refused and nothing is left", async () => {
  await create(inputFor("taken", { hosts: ["pay.taken.test"] }));
  await expect(create(inputFor("taken", { name: "Other" }))).rejects.toBeInstanceOf(SlugTaken);
  await expect(create(inputFor("second", { hosts: ["PAY.taken.test"] }))).rejects.toBeInstanceOf(HostTaken);
  await expect(platform.operator.registry.findBySlug("second")).resolves.toBeNull();
});

test("an instance that nobody says it is, or that is too old, is refused and nothing is left", async () => {
  const { sql } = platform.operator.registry;
  const latest = latestSchemaVersion();
  const lives = (audience: string, minimum: number, seen: string) => sql`
    insert into instances (id, audience, version, schema_version, minimum_schema_version, started_at, seen_at)
    values (gen_random_uuid(), ${audience}, '1.0.0', ${latest + 1}, ${minimum}, now(), now() - ${seen}::interval)`;
  await lives("https://gone.test", 1, "2 minutes");
  await lives("https://newer.test", latest + 1, "0");
  await lives("https://own.test", 1, "0");
  for (const [instance, words] of [
    ["https://typo.test", "no server says that it is https://typo.test"],
    ["https://gone.test", "no server says that it is https://gone.test"],
    ["https://newer.test", `own is at schema ${latest}, and https://newer.test`],
  ] as const) {
    const refused = create(inputFor("own", { instance }));
    await expect(refused).rejects.toMatchObject({ name: "InstanceUnfit" });
    await expect(refused).rejects.toThrow(words);
  }
  await expect(platform.operator.registry.findBySlug("own")).resolves.toBeNull();
  await create(inputFor("own", { instance: "https://own.test" }));
  expect(await platform.operator.registry.findBySlug("own")).toMatchObject({ upstream: "https://own.test" });
  // Made already, it is told so whether its instance lives or not.
  await sql`delete from instances`;
  await expect(create(inputFor("own", { instance: "https://own.test" }))).resolves.toMatchObject({
    created: false,
  });
});

test.each([
  ["an upper-case slug", { slug: "Acme" }],
  ["a slug with a dot", { slug: "a.b" }],
  ["a slug of one letter", { slug: "a" }],
  ["an empty name", { name: " " }],
  ["a host with a port", { hosts: ["pay.test:80"] }],
  ["a malformed address", { adminEmail: "ada" }],
])("%s is refused before anything is made", async (_, wrong) => {
  const before = await platform.operator.registry.list();
  await expect(create({ ...inputFor("fine"), ...wrong })).rejects.toThrow();
  expect(await platform.operator.registry.list()).toEqual(before);
});

test("a half made tenant goes on with what it was begun with, and refuses anything else in words that say how", async () => {
  const input = inputFor("half", { tier: "starter", hosts: ["pay.half.test"] });
  const stopped = createTenant({
    ctx: platform.operator,
    input,
    onStep(step) {
      if (step === "activate") throw new Error("stopped");
    },
  });
  await expect(stopped).rejects.toThrow("stopped");
  for (const [what, other] of Object.entries<Partial<NewTenant>>({
    tier: { tier: "dedicated" },
    hosts: { hosts: [] },
    "tier, instance": { tier: "standard", instance: "https://own.test" },
    admin: { adminEmail: "right@half.test" },
    theme: { theme: "acme" },
  })) {
    const resumed = create({ ...input, ...other });
    await expect(resumed).rejects.toBeInstanceOf(SlugTaken);
    await expect(resumed).rejects.toThrow(`half made with another ${what}: ask again`);
  }
  const { tenant, created } = await create(input);
  expect(created).toBe(true);
  const { db, record } = await platform.operator.tenants.open(tenant.id);
  expect(record).toMatchObject({ tier: "starter", hosts: ["half.localhost", "pay.half.test"] });
  const users = await db.query<{ tenant_id: string; email: string }>`select tenant_id, email from pay.users`;
  expect(users.map(({ email }) => email)).toEqual(["ada@half.test"]);
});

test("one begun by older code ends in this code's schema, wherever it was stopped", async () => {
  const { operator: ctx } = platform;
  const input = inputFor("upgraded");
  const stopBefore = async (at: string) => {
    const onStep = (step: string) => {
      if (step === at) throw new Error("stopped");
    };
    await expect(createTenant({ ctx, input, onStep })).rejects.toThrow("stopped");
  };
  await stopBefore("createRole");
  await ctx.registry.sql`update tenants set schema_version = 6 where slug = 'upgraded'`;
  for (const step of ["createDatabase", "setPrivileges", "bringForward", "seed", "activate"]) {
    await stopBefore(step);
  }
  await create(input);
  await expectWhole("upgraded");
});

test("one begun by older code on a server that has no template of its schema ends there, too", async () => {
  const { operator: ctx } = platform;
  const other = await startOtherServer();
  onTestFinished(() => other.close());
  await addDatabaseServer({ ctx, input: { name: "other", adminUrl: other.url } });
  const input = inputFor("elsewhere", { databaseServer: "other" });
  const onStep = (step: string) => {
    if (step === "createRole") throw new Error("stopped");
  };
  await expect(createTenant({ ctx, input, onStep })).rejects.toThrow("stopped");
  await ctx.registry.sql`update tenants set schema_version = 6 where slug = 'elsewhere'`;
  const { tenant } = await create(input);
  const { record } = await ctx.tenants.open(tenant.id);
  expect(record).toMatchObject({
    schemaVersion: latestSchemaVersion(),
    database: { server: { name: "other" } },
  });
});

test("six at once with one slug make one tenant", async () => {
  const answers = await Promise.all(Array.from({ length: 6 }, () => create(inputFor("race"))));
  expect(new Set(answers.map(({ tenant }) => tenant.id)).size).toBe(1);
  expect(answers.filter(({ created }) => created)).toHaveLength(1);
  await expectWhole("race");
});

test("who waited for another's creation of the slug is told that it was there, or made of other input", async () => {
  const { operator: ctx } = platform;
  const input = inputFor("waited");
  const waiting: Promise<unknown>[] = [];
  await createTenant({
    ctx,
    input,
    async onStep(step) {
      if (step !== "createRole") return;
      const others = [
        input,
        { ...input, adminEmail: "other@waited.test" },
        { ...input, theme: "acme" as const },
      ];
      waiting.push(...others.map((other) => create(other).catch((error: Error) => error)));
      await waitForLock(ctx, { slug: "waited", waiting: others.length });
    },
  });
  const [same, ...others] = await Promise.all(waiting);
  expect(same).toMatchObject({ created: false });
  expect(others).toMatchObject([
    { name: "SlugTaken", message: expect.stringContaining("made meanwhile with another admin") },
    { name: "SlugTaken", message: expect.stringContaining("made meanwhile with another theme") },
  ]);
});

test("the password never appears in the server's statements: roles are made from a verifier", async () => {
  const { tenant } = await create(inputFor("verifier"));
  const { registry, admin } = platform.operator;
  const record = await registry.findById(tenant.id);
  if (!record) throw new Error("unreachable");
  const url = new URL(await connectionUrl({ registry, record }));
  const [stored] = await admin`select rolpassword from pg_authid where rolname = ${record.database.role}`;
  expect(stored?.rolpassword).toMatch(/^SCRAM-SHA-256\$4096:/);
  await expect(postgres(url.href, { max: 1 })`select 1`).resolves.toHaveLength(1);
  url.password = `${url.password}x`;
  await expect(postgres(url.href, { max: 1 })`select 1`).rejects.toMatchObject({ code: "28P01" });
});

describe("killed with -9", () => {
  const steps = [
    "registerTenant",
    "createRole",
    "createDatabase",
    "setPrivileges",
    "seed",
    "activate",
    "done",
  ];
  test.each(steps)("before %s, the second run completes it", async (step) => {
    const slug = `before-${step.toLowerCase()}`;
    const killed = await createInChild({ input: inputFor(slug), dieBefore: step, dieAfterMs: null });
    expect(killed).toBe("SIGKILL");
    const found = await platform.operator.registry.findByHost(`${slug}.localhost`);
    expect(found?.status ?? "not served").toBe(step === "done" ? "active" : "not served");
    await create(inputFor(slug));
    await expectWhole(slug);
  });

  test.each([2, 6, 12, 20, 35, 60])("%i ms after the start, the second run completes it", async (ms) => {
    const slug = `after-${ms}ms`;
    await createInChild({ input: inputFor(slug), dieBefore: null, dieAfterMs: ms });
    await create(inputFor(slug));
    await expectWhole(slug);
  });
});
