import { afterAll, beforeAll, expect, test } from "vitest";
import { fileMasterKey } from "../crypto/master-key.ts";
import { openRegistry, type Registry } from "../registry/registry.ts";
import { type TestPlatform, testPlatform } from "../testing/index.ts";
import { type TcpProxy, tcpProxy } from "../testing/tcp-proxy.ts";
import { createReadiness, type ProcessState } from "./readiness.ts";

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

async function withRegistry(use: (registry: Registry) => Promise<void>): Promise<void> {
  const url = new URL(platform.address.registryUrl);
  url.port = String(proxy.port);
  const masterKey = fileMasterKey(platform.address.masterKeyFile);
  const registry = openRegistry({ url: url.href, masterKey, watch: false });
  await use(registry).finally(() => registry.close());
}

test("a server whose registry, worker and tenants are well is ready", () =>
  withRegistry(async (registry) => {
    const ready = createReadiness({ registry, process: healthy });
    expect(await ready()).toEqual({
      status: "ok",
      checks: { process: "ok", registry: "ok", worker: "ok", tenants: { behind: 0, ahead: 0 } },
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
