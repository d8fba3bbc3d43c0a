/**
 * The edge as a process.
 * What it reads from its environment is data, in environment.ts; `--help` prints it, README.md has the table.
 *
 * SIGTERM or SIGINT stops it: after CLARITY_DRAIN_MS requests under way get CLARITY_GRACE_MS to finish.
 */

import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { connectionLimitsOf } from "@clarity/server/contract/connections";
import { environmentAtStart } from "@clarity/server/contract/environment";
import { createEdge } from "./edge/create-edge.ts";
import { edgeEnvironment } from "./environment.ts";
import { openSharedState } from "./limits/shared-state.ts";
import { createLogger } from "./telemetry/log.ts";
import { serveMetrics } from "./telemetry/serve-metrics.ts";
import { openEdgeKeys } from "./tokens/keys.ts";
import { httpUpstream } from "./upstream/http-upstream.ts";

const env = environmentAtStart(edgeEnvironment, createLogger({}));
const log = createLogger({ level: env.LOG_LEVEL });
const collected = env.OTEL_EXPORTER_OTLP_ENDPOINT ?? env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT;
// Not loaded without a collector: nobody else needs it.
const stopTracing = collected ? (await import("./telemetry/start-tracing.ts")).startTracing(env) : null;
let stopping = false;

const shared = env.CLARITY_REDIS_URL ? openSharedState({ url: env.CLARITY_REDIS_URL, log }) : null;
const edge = await createEdge({
  key: await openEdgeKeys(env.CLARITY_EDGE_KEY_FILE, (err) =>
    log.error({ err }, "the edge's keys cannot be read again: those known before are used on"),
  ).catch(refuse("CLARITY_EDGE_KEY_FILE")),
  besideOlderEdges: env.CLARITY_BESIDE_OLDER_EDGES,
  upstream: httpUpstream(env.CLARITY_SERVER_URL),
  assetsDir: env.CLARITY_ASSETS_DIR ?? null,
  assetsUrl: env.CLARITY_ASSETS_URL ?? null,
  widgetVersion: env.CLARITY_WIDGET_VERSION ?? null,
  portalDir: env.CLARITY_PORTAL_DIR ?? null,
  frontDoorUrl: env.CLARITY_FRONT_DOOR_URL ?? null,
  trustForwarded: env.CLARITY_TRUST_FORWARDED,
  stopping: () => stopping,
  shared,
  log,
}).catch(refuse("CLARITY_ASSETS_DIR"));

const server = edge.serve(connectionLimitsOf(env));
server.listen(env.PORT, env.HOST, () => {
  const { address, port } = server.address() as AddressInfo;
  log.info({ address, port }, "listening");
});
server.on("error", cannotListen);
// Who keeps its connection goes elsewhere with the next request, once we are to stop.
server.prependListener("request", (_, response) => stopping && response.setHeader("connection", "close"));

const { CLARITY_METRICS_PORT: port, CLARITY_METRICS_HOST: host } = env;
const metrics = port === undefined ? null : await serveMetrics({ edge, port, host, log }).catch(cannotListen);

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.once(signal, stop);
}

/** What a variable names is there and of no use. */
function refuse(variable: string) {
  return (error: Error): never => {
    log.fatal(`${variable}: ${error.message}`);
    process.exit(1);
  };
}

function cannotListen(error: NodeJS.ErrnoException): never {
  log.fatal({ code: error.code }, "cannot listen");
  process.exit(1);
}

async function stop() {
  if (stopping) return;
  stopping = true;
  await delay(env.CLARITY_DRAIN_MS);
  setTimeout(() => process.exit(0), env.CLARITY_GRACE_MS).unref();
  const closed = new Promise((resolve) => server.close(resolve));
  // What was under way when we were asked to stop leaves its connection open behind it.
  setInterval(() => server.closeIdleConnections(), 50).unref();
  await Promise.all([closed, shared?.close()]);
  metrics?.close();
  await stopTracing?.();
  process.exit(0);
}
