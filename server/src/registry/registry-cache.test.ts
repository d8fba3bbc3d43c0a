import { expect, test } from "vitest";
import { RegistryCache } from "./registry-cache.ts";
import type { TenantRecord } from "./tenant-record.ts";

const record = { slug: "acme", hosts: ["acme.localhost"] as readonly string[] } as TenantRecord;

test("told to remember nothing, a name that was nobody's is asked for again at once", async () => {
  const cache = new RegistryCache({ freshMs: 0 });
  expect(await cache.get("acme", async () => null)).toBeNull();
  expect(await cache.get("acme", async () => record)).toBe(record);
});

test("otherwise a name that was nobody's is not asked for again for a moment, until the registry changes", async () => {
  const cache = new RegistryCache();
  expect(await cache.get("acme", async () => null)).toBeNull();
  expect(await cache.get("acme", async () => record)).toBeNull();
  cache.expire();
  expect(await cache.get("acme", async () => record)).toBe(record);
});

test("what was asked before the registry changed is not remembered after it", async () => {
  const cache = new RegistryCache();
  const suspended = { ...record, status: "suspended" } as TenantRecord;
  const before = Promise.withResolvers<TenantRecord>();
  const early = cache.get("acme", () => before.promise);
  cache.expire();
  const late = cache.get("acme", async () => suspended);
  before.resolve(record);
  await early;
  expect(await late).toBe(suspended);
  expect(await cache.get("acme", async () => record)).toBe(suspended);
});

test("what was asked before a change is still better than what was known, should the registry go down", async () => {
  const cache = new RegistryCache();
  await cache.get("acme", async () => record);
  cache.expire();
  const suspended = Promise.withResolvers<TenantRecord>();
  const asked = cache.get("acme", () => suspended.promise);
  cache.expire();
  suspended.resolve({ ...record, status: "suspended" } as TenantRecord);
  await asked;
  const down = Object.assign(new Error("down"), { code: "ECONNREFUSED" });
  const found = await cache.get("acme", () => Promise.reject(down));
  expect(found).toMatchObject({ status: "suspended" });
});

test("a suspension that one of the tenant's names knows of is known by its other names after a refresh", async () => {
  const cache = new RegistryCache();
  const active = { ...record, id: "t1", status: "active", updatedAt: new Date(1) } as TenantRecord;
  const suspended = { ...active, status: "suspended", updatedAt: new Date(2) } as TenantRecord;
  await cache.get("host:acme.localhost", async () => active);
  // After the change, before its news.
  await cache.get("id:t1", async () => suspended);
  expect(await cache.get("host:acme.localhost", async () => suspended)).toBe(active);
  cache.expire();
  await cache.refresh(
    async (known) => new Map(known.filter((one) => one !== suspended).map(({ id }) => [id, suspended])),
  );
  const down = Object.assign(new Error("down"), { code: "ECONNREFUSED" });
  expect(await cache.get("host:acme.localhost", () => Promise.reject(down))).toBe(suspended);
});

test("a host name that was taken from a tenant is not the tenant's any more, though the registry be down next", async () => {
  const cache = new RegistryCache();
  const before = {
    ...record,
    id: "t1",
    hosts: ["acme.localhost", "pay.test"],
    updatedAt: new Date(1),
  } as TenantRecord;
  const after = { ...before, hosts: ["acme.localhost"], updatedAt: new Date(2) } as TenantRecord;
  for (const host of before.hosts) await cache.get(`host:${host}`, async () => before);
  cache.expire();
  await cache.refresh(async () => new Map([["t1", after]]));
  const down = () => Promise.reject(Object.assign(new Error("down"), { code: "ECONNREFUSED" }));
  expect(await cache.get("host:acme.localhost", down)).toBe(after);
  await expect(cache.get("host:pay.test", down)).rejects.toMatchObject({ name: "RegistryUnavailable" });
});
