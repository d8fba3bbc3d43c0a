import { copyFileSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  fileMasterKey,
  type MasterKey,
  MasterKeyUnavailable,
  makeFileMasterKey,
} from "../crypto/master-key.ts";
import { openRegistry, type Registry } from "../registry/registry.ts";
import { latestSchemaVersion } from "../tenant/schema.ts";
import { type TestPlatform, testPlatform } from "../testing/index.ts";
import { type TcpProxy, tcpProxy } from "../testing/tcp-proxy.ts";
import { temporaryFolders } from "../testing/temporary-folder.ts";
import { createReadiness, type ProcessState } from "./readiness.ts";

const folder = temporaryFolders();
let platform: TestPlatform;
let proxy: TcpProxy;
beforeAll(async () => {
  platform = await testPlatform();
  await platform.createTenant("acme");
  proxy = await tcpProxy(Number(new URL(platform.address.registryUrl).port));
});
afterAll(async () => {
  await proxy.close();
  await platform.close();
});

const healthy: ProcessState = { stopping: () => false, workerRunning: () => true };

async function withRegistry(
  use: (registry: Registry) => Promise<void>,
  masterKey: MasterKey = fileMasterKey(platform.address.masterKeyFile),
): Promise<void> {
  const url = new URL(platform.address.registryUrl);
  url.port = String(proxy.port);
  const registry = openRegistry({ url: url.href, masterKey, watch: false });
  await use(registry).finally(() => registry.close());
}

test("a server whose registry, worker and tenants are well is ready", () =>
  withRegistry(async (registry) => {
    const ready = createReadiness({ registry, process: healthy });
    expect(await ready()).toEqual({
      status: "ok",
      checks: {
        process: "ok",
        registry: "ok",
        worker: "ok",
        masterKey: "fits",
        tenants: { behind: 0, ahead: 0 },
      },
    });
  }));

test("the registry down: ready while tenants are remembered, not ready with nobody to serve", async () => {
  for (const mode of ["refuse", "swallow"] as const) {
    await withRegistry(async (registry) => {
      await registry.findByHost("acme.localhost");
      await proxy.set(mode);
      const ready = createReadiness({ registry, process: healthy });
      expect(await ready()).toMatchObject({ status: "degraded", checks: { registry: "remembered" } });
    });
    await withRegistry(async (registry) => {
      const ready = createReadiness({ registry, process: healthy });
      expect(await ready()).toMatchObject({ status: "unavailable", checks: { registry: "unreachable" } });
      await proxy.set("pass");
    });
  }
});

test("a master key that opens nothing, or is missing, makes a server unready until it is put back", async () => {
  const file = join(folder(), "keys", "master.key");
  await withRegistry(async (registry) => {
    const ready = createReadiness({ registry, process: healthy });
    expect(await ready()).toMatchObject({ status: "unavailable", checks: { masterKey: "missing" } });
    mkdirSync(dirname(file));
    copyFileSync(platform.address.masterKeyFile, file);
    await expect
      .poll(ready, { timeout: 5_000 })
      .toMatchObject({ status: "ok", checks: { masterKey: "fits" } });
  }, fileMasterKey(file));
  const stray = join(folder(), "master.key");
  makeFileMasterKey(stray);
  await withRegistry(async (registry) => {
    const ready = createReadiness({ registry, process: healthy });
    expect(await ready()).toMatchObject({ status: "unavailable", checks: { masterKey: "wrong" } });
  }, fileMasterKey(stray));
});

test("a key service that does not answer is told, and takes no server away; nor does one that is only slow", async () => {
  const down = async () => Promise.reject(new MasterKeyUnavailable("down"));
  const never = () => new Promise<never>(() => {});
  for (const [unwrap, masterKey] of [
    [down, "unreachable"],
    [never, null],
  ] as const) {
    await withRegistry(
      async (registry) => {
        const ready = createReadiness({ registry, process: healthy });
        const { status, checks } = await ready();
        expect({ status, masterKey: checks.masterKey }).toEqual({ status: "degraded", masterKey });
      },
      { wrap: never, unwrap },
    );
  }
});

test("with no tenants yet any key is ready, and none too", async () => {
  const empty = await testPlatform();
  const none = fileMasterKey(join(folder(), "master.key"));
  for (const masterKey of [fileMasterKey(empty.address.masterKeyFile), none]) {
    const registry = openRegistry({ url: empty.address.registryUrl, masterKey, watch: false });
    const ready = createReadiness({ registry, process: healthy });
    expect(await ready()).toMatchObject({ status: "ok", checks: { masterKey: "unused" } });
    await registry.close();
  }
  await empty.close();
});

test("tenants this code cannot open are told, and take a server away once it can open no active one", () =>
  withRegistry(async (registry) => {
    const { sql } = platform.operator.registry;
    const set = (slug: string, change: Record<string, unknown>) =>
      sql`update tenants set ${sql(change)}, updated_at = clock_timestamp() where slug = ${slug}`;
    const told = async (behind: number, ahead: number) => {
      // Asked at most once a second.
      const { status, checks } = await createReadiness({ registry, process: healthy })();
      expect(checks.tenants).toEqual({ behind, ahead });
      return status;
    };
    await platform.createTenant("globex");
    const usual = { schema_version: latestSchemaVersion(), contract_version: 1, status: "active" };
    const tooOld = { ...usual, schema_version: 1 };
    const tooNew = { ...usual, contract_version: latestSchemaVersion() + 1 };

    await set("acme", tooOld);
    expect(await told(1, 0)).toBe("degraded");
    await set("globex", tooOld);
    expect(await told(2, 0)).toBe("unavailable");
    await set("globex", tooNew);
    expect(await told(1, 1)).toBe("unavailable");
    await set("acme", tooNew);
    expect(await told(0, 2)).toBe("unavailable");
    // Nobody is served for it.
    await set("globex", { ...usual, status: "suspended" });
    expect(await told(0, 1)).toBe("unavailable");
    await set("acme", { ...tooNew, status: "suspended" });
    expect(await told(0, 1)).toBe("degraded");
    await set("acme", { ...tooOld, status: "active" });

    const elsewhere = createReadiness({ registry, process: healthy, audience: "https://own.test" });
    expect(await elsewhere()).toMatchObject({ status: "ok" });

    // Its schemas do not come right because the registry goes.
    const one = createReadiness({ registry, process: healthy });
    await registry.findByHost("acme.localhost");
    expect(await one()).toMatchObject({ status: "unavailable", checks: { registry: "ok" } });
    await proxy.set("refuse");
    await expect
      .poll(one, patient)
      .toMatchObject({ status: "unavailable", checks: { registry: "remembered" } });
    await proxy.set("pass");
    await set("acme", usual);
    await expect.poll(one, patient).toMatchObject({ status: "ok" });
  }));

const patient = { timeout: 8_000, interval: 100 };

/** The longest of some probes, ms. */
async function slowestOf(ready: () => Promise<unknown>): Promise<number> {
  let slowest = 0;
  for (let n = 0; n < 15; n++) {
    const startedAt = performance.now();
    await ready();
    slowest = Math.max(slowest, performance.now() - startedAt);
    await delay(100);
  }
  return slowest;
}

test.each(["refuse", "swallow"] as const)(
  "every probe is answered within 300 ms while the registry's connections %s, and right again after",
  (mode) =>
    withRegistry(async (registry) => {
      const ready = createReadiness({ registry, process: healthy });
      await registry.findByHost("acme.localhost");
      expect(await ready()).toMatchObject({ status: "ok" });
      await proxy.set(mode);
      expect(await slowestOf(ready)).toBeLessThan(300);
      expect(await ready()).toMatchObject({ status: "degraded", checks: { registry: "remembered" } });
      const fresh = createReadiness({ registry, process: healthy });
      expect(await slowestOf(fresh)).toBeLessThan(300);
      await proxy.set("pass");
      await expect.poll(ready, patient).toMatchObject({ status: "ok" });
    }),
);

test("every probe is answered within 300 ms while queries hang; a registry that is only slow is there", () =>
  withRegistry(async (registry) => {
    let waitMs = 0;
    const sql = Object.assign(async (...args: Parameters<Registry["sql"]>) => {
      await delay(waitMs, null, { ref: false });
      return registry.sql(...args);
    }, registry.sql) as unknown as Registry["sql"];
    const slowly = { ...registry, sql };
    const ready = createReadiness({ registry: slowly, process: healthy });
    waitMs = 400;
    expect(await slowestOf(ready)).toBeLessThan(300);
    expect(await ready()).toMatchObject({ status: "ok" });
    waitMs = 1_000_000;
    await registry.findByHost("acme.localhost");
    await expect
      .poll(ready, patient)
      .toMatchObject({ status: "degraded", checks: { registry: "remembered" } });
    expect(await slowestOf(ready)).toBeLessThan(300);
    waitMs = 0;
    await expect.poll(ready, patient).toMatchObject({ status: "ok" });
  }));

test("a job queue that is being connected again is told; a process asked to stop is not ready", () =>
  withRegistry(async (registry) => {
    const restarting = createReadiness({ registry, process: { ...healthy, workerRunning: () => false } });
    expect(await restarting()).toMatchObject({ status: "degraded", checks: { worker: "restarting" } });
    const stopping = createReadiness({ registry, process: { ...healthy, stopping: () => true } });
    expect(await stopping()).toMatchObject({ status: "unavailable", checks: { process: "stopping" } });
  }));
