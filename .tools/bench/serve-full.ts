/** Edge and server in one process, every layer on. Prints its port. */
import { generateKeyPairSync, generateKeySync } from "node:crypto";
import { createEdge } from "@clarity/bff";
import {
  createContextFactory,
  createLogger,
  createServer,
  fileMasterKey,
  openRegistry,
  openTenants,
} from "@clarity/server";
import { serve } from "@hono/node-server";
import { FakeProvider, readStage } from "./stage.ts";

const stage = readStage();
const log = createLogger({ name: "bench", level: "error" });
const registry = openRegistry({ url: stage.registryUrl, masterKey: fileMasterKey(stage.masterKeyFile) });
const tenants = openTenants({ registry, log });
const provider = new FakeProvider();
const makeContext = createContextFactory({
  log,
  adapters: {
    provider: () => provider,
    connector: () => {
      throw new Error("the benchmark's tenant has no ERP");
    },
  },
});
const internal = generateKeySync("hmac", { length: 256 });
const server = createServer({
  registry,
  tenants,
  makeContext,
  edgeKey: { alg: "HS256", key: internal },
  log,
});
const edge = await createEdge({
  key: generateKeyPairSync("ed25519").privateKey,
  internalKey: { alg: "HS256", key: internal },
  upstream: server.fetch,
  assetsDir: stage.assetsDir,
  limits: { tenant: 1e9, session: 1e9, address: 1e9 },
  log,
});
serve({ fetch: edge.fetch, port: 0, hostname: "127.0.0.1" }, ({ port }) =>
  console.log(JSON.stringify({ port })),
);
process.on("message", (message) => {
  if (message !== "memory") return;
  globalThis.gc?.();
  process.send?.({ rssBytes: process.memoryUsage().rss });
});
process.on("disconnect", () => process.exit(0));
