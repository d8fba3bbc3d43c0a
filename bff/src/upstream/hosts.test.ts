import { serverPaths } from "@clarity/server/contract";
import { expect, test } from "vitest";
import { Refusal } from "../http/refusal.ts";
import { createHosts } from "./hosts.ts";

const acme = {
  tenant: { id: "0198a000-0000-7000-8000-00000000000a", slug: "acme", name: "Acme" },
  ...{ status: "active", upstream: null, embedOrigins: [], frameOrigins: [], methods: [] },
};

/** A registry that knows the given hosts, and the paths it was asked. */
function createRegistry(names: string[]) {
  const there = new Set(names);
  const asked: string[] = [];
  let away = false;
  let ahead = 0;
  const hosts = createHosts({
    now: () => ahead,
    async forward({ to, params }) {
      if (to !== "readHost") throw new Error(`asked for ${to}`);
      const path = serverPaths.readHost(params);
      asked.push(path);
      if (away) throw new Refusal("unavailable");
      if (![...there].some((name) => path === serverPaths.readHost({ host: name })))
        throw new Refusal("tenant_unknown");
      return Response.json(acme);
    },
  });
  const resolve = (hostname: string) =>
    hosts.resolve({ hostname, requestId: "request", beforeAsk: async () => {} });
  return {
    resolve,
    asked: (hostname: string) =>
      asked.filter((path) => path === serverPaths.readHost({ host: hostname })).length,
    add: (name: string) => there.add(name),
    remove: (name: string) => there.delete(name),
    goAway: () => (away = true),
    advance: (ms: number) => (ahead += ms),
  };
}

test("a flood of made-up hosts pushes out no tenant: with the registry away it is served on", async () => {
  const registry = createRegistry(["acme.test"]);
  await registry.resolve("acme.test");
  for (let n = 0; n < 12_000; n += 1)
    await expect(registry.resolve(`no-${n}.test`)).rejects.toMatchObject({ code: "tenant_unknown" });
  expect(await registry.resolve("acme.test")).toMatchObject(acme);
  expect(registry.asked("acme.test")).toBe(1);
  registry.goAway();
  registry.advance(60_000);
  expect(await registry.resolve("acme.test")).toMatchObject(acme);
});

test("a host that nobody has is asked about once in 5 s, and is known as soon as it is somebody's", async () => {
  const registry = createRegistry([]);
  for (const _ of [1, 2])
    await expect(registry.resolve("acme.test")).rejects.toMatchObject({ code: "tenant_unknown" });
  expect(registry.asked("acme.test")).toBe(1);
  registry.add("acme.test");
  registry.advance(5_000);
  expect(await registry.resolve("acme.test")).toMatchObject(acme);
});

test("a host that its tenant gave up is unknown once it is asked about again", async () => {
  const registry = createRegistry(["acme.test"]);
  await registry.resolve("acme.test");
  registry.remove("acme.test");
  registry.advance(30_000);
  for (const _ of [1, 2])
    await expect(registry.resolve("acme.test")).rejects.toMatchObject({ code: "tenant_unknown" });
  expect(registry.asked("acme.test")).toBe(2);
});

test("an instance of a tenant's own speaks neither for another tenant nor for whether its own is served", async () => {
  const instance = { upstream: "https://acme.instances.test", embedOrigins: ["https://erp.acme.example"] };
  let says: object = {};
  const hosts = createHosts({
    now: () => 0,
    forward: async ({ home }) =>
      Response.json({ ...acme, ...instance, ...(home.upstream === null ? { embedOrigins: [] } : says) }),
  });
  const resolve = (hostname: string) =>
    hosts.resolve({ hostname, requestId: "request", beforeAsk: async () => {} });
  says = { tenant: { ...acme.tenant, id: "0198a000-0000-7000-8000-00000000000b" } };
  await expect(resolve("acme.test")).rejects.toMatchObject({ code: "unavailable" });
  says = { tenant: { ...acme.tenant, slug: "globex" }, status: "suspended" };
  expect(await resolve("acme.test")).toEqual({ ...acme, ...instance, requestsPerMinute: 12_000 });
});
