/**
 * The edge as a process.
 *
 * | variable | what | default |
 * |---|---|---|
 * | PORT, HOST | where to listen | 4000, 127.0.0.1 |
 * | CLARITY_SERVER_URL | the shared servers | required |
 * | CLARITY_EDGE_KEY_FILE | private key of `ensureEdgeKeys` | required |
 * | CLARITY_ASSETS_DIR | the widget's build | required |
 * | CLARITY_FRONT_DOOR_URL | what bare addresses show | none |
 * | CLARITY_DRAIN_MS | how long `/readyz` says 503 before it stops listening: what a balancer takes to notice | 0 |
 * | CLARITY_REDIS_URL | counts limits and used proofs over all edges that share it | each edge for itself |
 * | OTEL_EXPORTER_OTLP_ENDPOINT | a collector of traces, OTLP/HTTP | none |
 * | CLARITY_TRUST_FORWARDED | `1` behind a TLS-terminating proxy | unset |
 *
 * SIGTERM or SIGINT stops it: after CLARITY_DRAIN_MS requests under way get 4 s to finish.
 */
import { setTimeout as delay } from "node:timers/promises";
import { serve } from "@hono/node-server";
import { createEdge } from "./edge/create-edge.ts";
import { openSharedState } from "./limits/shared-state.ts";
import { createLogger } from "./telemetry/log.ts";
import { readEdgeKey } from "./tokens/keys.ts";
import { httpUpstream } from "./upstream/http-upstream.ts";

const log = createLogger({ level: process.env.LOG_LEVEL });
const graceMs = 4_000;
const { env } = process;
const drainMs = Number(env.CLARITY_DRAIN_MS ?? 0);
const collected = env.OTEL_EXPORTER_OTLP_ENDPOINT ?? env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT;
// Not loaded without a collector: nobody else needs it.
const stopTracing = collected ? (await import("./telemetry/start-tracing.ts")).startTracing(env) : null;
let stopping = false;

const shared = env.CLARITY_REDIS_URL ? openSharedState({ url: env.CLARITY_REDIS_URL, log }) : null;
const edge = await createEdge({
  key: await readEdgeKey(required("CLARITY_EDGE_KEY_FILE")),
  upstream: httpUpstream(required("CLARITY_SERVER_URL")),
  assetsDir: required("CLARITY_ASSETS_DIR"),
  frontDoorUrl: process.env.CLARITY_FRONT_DOOR_URL ?? null,
  trustForwarded: process.env.CLARITY_TRUST_FORWARDED === "1",
  stopping: () => stopping,
  shared,
  log,
});

const server = serve(
  {
    fetch: edge.fetch,
    port: Number(process.env.PORT ?? 4000),
    hostname: process.env.HOST ?? "127.0.0.1",
    // A slow sender holds a socket this long at most, milliseconds, and one look at the sockets more.
    serverOptions: { headersTimeout: 10_000, requestTimeout: 20_000, connectionsCheckingInterval: 1_000 },
  },
  ({ address, port }) => log.info({ address, port }, "listening"),
);
server.on("error", (error: NodeJS.ErrnoException) => {
  log.fatal({ code: error.code }, "cannot listen");
  process.exit(1);
});

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.once(signal, stop);
}

async function stop() {
  if (stopping) return;
  stopping = true;
  await delay(drainMs);
  setTimeout(() => process.exit(0), graceMs).unref();
  const closed = new Promise((resolve) => server.close(resolve));
  if ("closeIdleConnections" in server) server.closeIdleConnections();
  await Promise.all([closed, shared?.close()]);
  await stopTracing?.();
  process.exit(0);
}

function required(name: string): string {
  const value = process.env[name];
  if (!value) {
    log.fatal(`${name} is not set`);
    process.exit(1);
  }
  return value;
}
