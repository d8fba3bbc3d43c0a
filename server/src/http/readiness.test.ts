import { copyFileSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  fileMasterKey,
  type MasterKey,
  MasterKeyUnavailable,
  makeFileMasterKey,
} from "../crypto/master-key.ts";
import { openRegistry, type Registry } from "../registry/registry.ts";
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

test("tenants this code cannot open are reported, and take nobody else's server away", () =>
  withRegistry(async (registry) => {
    const { sql } = platform.operator.registry;
    await sql`update tenants set schema_version = 1, updated_at = clock_timestamp()`;
    const ready = createReadiness({ registry, process: healthy });
    expect(await ready()).toMatchObject({ status: "degraded", checks: { tenants: { behind: 1 } } });
    const elsewhere = createReadiness({ registry, process: healthy, audience: "https://own.test" });
    expect(await elsewhere()).toMatchObject({ status: "ok" });
  }));

test("a job queue that is being connected again is told; a process asked to stop is not ready", () =>
  withRegistry(async (registry) => {
    const restarting = createReadiness({ registry, process: { ...healthy, workerRunning: () => false } });
    expect(await restarting()).toMatchObject({ status: "degraded", checks: { worker: "restarting" } });
    const stopping = createReadiness({ registry, process: { ...healthy, stopping: () => true } });
    expect(await stopping()).toMatchObject({ status: "unavailable", checks: { process: "stopping" } });
  }));
