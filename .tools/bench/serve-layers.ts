/**
 * Edge and server in one process, the isolation layers of tenants' databases `on`, `off`, or on with each tenant
 * `limited` to what is its due. Off: the administrator's connection to the stage's tenant, whom row-level security
 * does not bind, asked neither whose database it is nor whose rows come back. A second argument says how long the
 * tenants' ERP takes for a reading, ms; without one they have none. Prints its port.
 */
import { generateKeyPairSync, generateKeySync } from "node:crypto";
import type { AddressInfo } from "node:net";
import { createEdge } from "@clarity/bff";
import {
  createContextFactory,
  createLogger,
  createServer,
  fileMasterKey,
  openRegistry,
  openTenants,
  type Tenants,
} from "@clarity/server";
import { usualLimits } from "@clarity/server/contract/connections";
import type { Connector } from "../../server/src/connectors/connector.ts";
import { createFakeErp } from "../../server/src/connectors/fake.ts";
import { createCircuitBreaker } from "../../server/src/tenant/circuit-breaker.ts";
import { createSettings } from "../../server/src/tenant/settings-store.ts";
import { TenantPools } from "../../server/src/tenant/tenant-pools.ts";
import { createTenantDb } from "../../server/src/tenant/tenant-query.ts";
import { poolDefaults } from "../../server/src/tenant/tenants.ts";
import { FakeProvider, readStage } from "./stage.ts";

const stage = readStage();
const layers = process.argv[3] !== "off";
const log = createLogger({ name: "bench", level: "error" });
const registry = openRegistry({ url: stage.registryUrl, masterKey: fileMasterKey(stage.masterKeyFile) });
const layered = openTenants({ registry, log });
const tenants = layers ? layered : await withoutLayers(layered);
const provider = new FakeProvider();
const makeContext = createContextFactory({
  log,
  adapters: {
    provider: () => provider,
    connector: () => erpThatTakes(Number(process.argv[4])),
  },
});
const internal = generateKeySync("hmac", { length: 256 });
const edgeKey = { alg: "HS256", key: internal } as const;
const server = createServer({ registry, tenants, makeContext, edgeKey, log });
const edge = await createEdge({
  key: generateKeyPairSync("ed25519").privateKey,
  internalKey: edgeKey,
  upstream: server.fetch,
  assetsDir: stage.assetsDir,
  limits: { session: 1e9, address: 1e9, ...(process.argv[3] !== "limited" && { tenant: 1e9 }) },
  log,
});
const http = edge.serve({ ...usualLimits, perAddress: usualLimits.connections });
http.listen(0, "127.0.0.1", () => console.log(JSON.stringify(http.address() as AddressInfo)));
process.on("message", (message) => {
  if (message !== "memory") return;
  globalThis.gc?.();
  process.send?.({ rssBytes: process.memoryUsage().rss });
});
process.on("disconnect", () => process.exit(0));

/** An ERP that says after so long that everybody owes what they owed. */
function erpThatTakes(ms: number): Connector {
  if (Number.isNaN(ms)) throw new Error("the benchmark's tenant has no ERP");
  return {
    ...createFakeErp().connector,
    async openInvoices({ customerId: id }) {
      await new Promise((resolve) => setTimeout(resolve, ms));
      const amounts = { totalMinor: 10_000n, openMinor: 10_000n };
      const dates = { issuedOn: "2026-01-01", dueOn: "2026-02-01" };
      const invoices = Array.from({ length: 20 }, (_, index) => ({
        ...{ id: `${id}-${index + 1}`, number: `INV-${index + 1}`, currency: "USD" },
        ...amounts,
        ...dates,
      }));
      return { customer: { id, name: id, email: null }, invoices };
    },
  };
}

async function withoutLayers(usual: Tenants): Promise<Tenants> {
  const pools = new TenantPools({
    options: poolDefaults,
    route: async () => ({ url: stage.tenantAdminUrl, pooled: false }),
    identify: async () => {},
  });
  const gate = { pending: new Map<string, number>(), breaker: createCircuitBreaker() };
  const blind = { check: async () => {}, breach: async () => new Error("nobody looks") as never };
  const { tenant, record, flags, keys, actor } = await usual.open(stage.tenantId);
  const db = createTenantDb({ tenant, record, pools, monitor: blind, gate, options: poolDefaults });
  const open = { tenant, record, db, settings: createSettings({ db, keys, actor }), flags, keys, actor };
  return {
    ...usual,
    async open(tenantId, how) {
      // The registry is asked as ever: which tenant it is, is no layer.
      await registry.findById(tenantId);
      return tenantId === tenant.id ? open : usual.open(tenantId, how);
    },
  };
}
