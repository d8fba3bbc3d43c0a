import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { fileMasterKey } from "../crypto/master-key.ts";
import { names } from "../operations/names.ts";
import { suspendTenant } from "../operations/provisioning/change-status.ts";
import { RegistryUnavailable } from "../tenant/errors.ts";
import { connectionUrl } from "../tenant/tenants.ts";
import { type TestPlatform, testPlatform } from "../testing/index.ts";
import { type TcpProxy, tcpProxy } from "../testing/tcp-proxy.ts";
import { openRegistry, type Registry } from "./registry.ts";
import type { RegistryCacheOptions } from "./registry-cache.ts";

let platform: TestPlatform;
let proxy: TcpProxy;
const opened: Registry[] = [];

beforeAll(async () => {
  platform = await testPlatform();
  proxy = await tcpProxy(Number(new URL(platform.address.registryUrl).port));
  await platform.createTenant("acme", { hosts: ["pay.acme.example"] });
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((registry) => registry.close()));
  await proxy.set("pass");
});
afterAll(async () => {
  await proxy.close();
  await platform.close();
});

/** As a server process has it, through the proxy. */
function registry(cache: RegistryCacheOptions = {}): Registry {
  const url = new URL(platform.address.registryUrl);
  url.port = String(proxy.port);
  const opening = openRegistry({
    url: url.href,
    masterKey: fileMasterKey(platform.address.masterKeyFile),
    cache,
  });
  opened.push(opening);
  return opening;
}

test.each(["acme.localhost", "ACME.localhost:4000", "pay.acme.example", "pay.acme.example."])(
  "%s is acme",
  async (host) => {
    await expect(registry().findByHost(host)).resolves.toMatchObject({ slug: "acme", status: "active" });
  },
);

test.each(["localhost", "acme", "globex.localhost", "", "a'b", "acme.localhost.evil.example"])(
  "%j is nobody",
  async (host) => {
    await expect(registry().findByHost(host)).resolves.toBeNull();
  },
);

test("while the registry is down, known tenants are served and unknown ones refused", async () => {
  const reading = registry({ freshMs: 0 });
  await reading.findByHost("acme.localhost");
  await proxy.set("refuse");
  await expect(reading.findByHost("acme.localhost")).resolves.toMatchObject({ slug: "acme" });
  await expect(reading.findByHost("pay.acme.example")).rejects.toBeInstanceOf(RegistryUnavailable);
  await expect(reading.findByHost("new.localhost")).rejects.toBeInstanceOf(RegistryUnavailable);
  await proxy.set("pass");
  await expect
    .poll(() => reading.findByHost("pay.acme.example").catch(() => null), { timeout: 5_000 })
    .toMatchObject({ slug: "acme" });
});

test("a registry that takes questions and never answers holds up no known tenant", async () => {
  const reading = registry({ freshMs: 0 });
  await reading.findByHost("acme.localhost");
  await proxy.set("swallow");
  const startedAt = performance.now();
  await expect(reading.findByHost("acme.localhost")).resolves.toMatchObject({ slug: "acme" });
  expect(performance.now() - startedAt).toBeLessThan(1_500);
  await expect(reading.findByHost("pay.acme.example")).rejects.toBeInstanceOf(RegistryUnavailable);
  await proxy.set("pass");
  await expect
    .poll(() => reading.findByHost("pay.acme.example").catch(() => null), { timeout: 10_000 })
    .toMatchObject({ slug: "acme" });
});

test("a known tenant is not served for ever without the registry", async () => {
  const reading = registry({ freshMs: 0, staleMs: 0 });
  await reading.findByHost("acme.localhost");
  await proxy.set("refuse");
  await expect
    .poll(() => reading.findByHost("acme.localhost").catch((error) => error))
    .toBeInstanceOf(RegistryUnavailable);
});

/** How many of its connections have a query like this as their last. A server listens once it has read. */
async function registryQueries(like: string): Promise<number> {
  const rows = await platform.operator.admin`
    select from pg_stat_activity where state = 'idle' and query ilike ${like}
      and datname = ${names.registry(platform.address.namespace)}`;
  return rows.length;
}

test.each([
  ["suspension", "suspended", (slug: string) => suspendTenant({ ctx: platform.operator, input: { slug } })],
  [
    "deletion",
    null,
    (slug: string) => platform.operator.registry.sql`delete from tenants where slug = ${slug}`,
  ],
])(
  "a %s nobody asked about before the registry went down is known all the same",
  async (what, status, change) => {
    const { tenant } = await platform.createTenant(`quiet-${what}`);
    const refreshed = () => registryQueries("%from tenants%where id = any(%");
    await expect.poll(refreshed).toBe(0);
    const reading = registry();
    await reading.findByHost(`${tenant.slug}.localhost`);
    // It looks once when it begins to listen; a look at the same moment as the change would hide the one we wait for.
    await expect.poll(() => registryQueries("%from jsonb_to_recordset(%")).toBeGreaterThan(0);
    await expect(reading.findById(tenant.id)).resolves.toMatchObject({ status: "active" });
    await change(tenant.slug);
    await expect.poll(refreshed, { timeout: 3_000 }).toBe(1);
    await proxy.set("refuse");
    const ways = [() => reading.findById(tenant.id), () => reading.findByHost(`${tenant.slug}.localhost`)];
    for (const find of ways) {
      if (status) await expect(find()).resolves.toMatchObject({ status });
      else await expect(find()).rejects.toBeInstanceOf(RegistryUnavailable);
    }
  },
);

test("a suspension reaches running servers at once, and stays known while the registry is down", async () => {
  await platform.createTenant("leaving");
  const reading = registry({ freshMs: 3_600_000 });
  await expect(reading.findByHost("leaving.localhost")).resolves.toMatchObject({ status: "active" });
  await expect.poll(() => registryQueries("listen%")).toBeGreaterThan(0);
  await suspendTenant({ ctx: platform.operator, input: { slug: "leaving" } });
  await expect
    .poll(async () => (await reading.findByHost("leaving.localhost"))?.status, { timeout: 3_000 })
    .toBe("suspended");
  await proxy.set("refuse");
  await expect(reading.findByHost("leaving.localhost")).resolves.toMatchObject({ status: "suspended" });
});

test("asking for many unknown hosts pushes no tenant out of memory", async () => {
  const reading = registry({ freshMs: 3_600_000, maxEntries: 2 });
  await reading.findByHost("acme.localhost");
  for (let n = 0; n < 50; n++) await reading.findByHost(`unknown-${n}.localhost`);
  await proxy.set("refuse");
  await expect(reading.findByHost("acme.localhost")).resolves.toMatchObject({ slug: "acme" });
});

test("the operators' audit log takes entries and gives up none", async () => {
  const { sql } = platform.operator.registry;
  await platform.operator.registry.audit({
    actor: { kind: "operator", name: "ada" },
    action: "test.entry",
    detail: { n: 1 },
  });
  await expect(sql`update operator_audit set operator = 'x'`).rejects.toMatchObject({ code: "42501" });
  await expect(sql`delete from operator_audit`).rejects.toMatchObject({ code: "42501" });
});

test("nothing readable in the registry opens a tenant's database: secrets are ciphertext", async () => {
  const found = await platform.operator.registry.findBySlug("acme");
  const [row] = await platform.operator.registry.sql<{ all: string }[]>`
    select tenants::text as all from tenants where slug = 'acme'`;
  if (!found) throw new Error("acme is gone");
  const url = await connectionUrl({ registry: platform.operator.registry, record: found });
  const { password } = new URL(url);
  expect(password).toHaveLength(32);
  expect(row?.all).not.toContain(password);
  expect(row?.all).not.toContain(Buffer.from(password).toString("hex"));
});
