/**
 * The server as a process: HTTP for the edge, and the worker.
 *
 * | variable | what | default |
 * |---|---|---|
 * | PORT, HOST | where to listen | 4100, 127.0.0.1 |
 * | CLARITY_REGISTRY_URL | the registry database | required |
 * | CLARITY_MASTER_KEY | opens the tenants' secrets: `file:<path>`, `aws-kms:<key ARN or alias>` | CLARITY_MASTER_KEY_FILE |
 * | CLARITY_MASTER_KEY_FILE | the same as a file; beside a key service, what it wrapped before | one of both required |
 * | CLARITY_EDGE_PUBLIC_KEY_FILE | verifies the edge's internal tokens, SPKI PEM | required |
 * | CLARITY_POOLER_URL | PgBouncer (≥ 1.21, transaction mode) in front of the registry's server: `postgres://host:port` | none |
 * | CLARITY_BACKUP_DIR | tenants' encrypted backups are made here on schedule; further settings in operations/backup/README.md | none are made |
 * | CLARITY_PLUGINS_DIR | tenants' plugins, `<slug>.ts` | none |
 * | CLARITY_VERSION | what this build is called, for pinned tenants | the package's version |
 * | CLARITY_AUDIENCE | this server's base URL in the registry, when it is a tenant's own | `shared` |
 * | CLARITY_ALLOW_LOOPBACK_JWKS | `1` in development: key sets from this machine | unset |
 * | CLARITY_METRICS_PORT, CLARITY_METRICS_HOST | Prometheus metrics, on a port of their own | none, 127.0.0.1 |
 * | CLARITY_DRAIN_MS | how long `/readyz` says 503 before it stops listening: what a balancer takes to notice | 0 |
 * | OTEL_EXPORTER_OTLP_ENDPOINT | a collector of traces, OTLP/HTTP; further OTEL_… in telemetry/README.md | none |
 * | CLARITY_EXIT_WITH_PARENT | `1`: stop when standard input closes | unset |
 *
 * SIGTERM or SIGINT stops it within 5 s, CLARITY_DRAIN_MS not counted: requests under way finish, jobs are found again by the next sweep.
 */
import { createPublicKey } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Server as HttpServer } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { serve } from "@hono/node-server";
import { sharedAudience } from "../contract/index.ts";
import { createContextFactory } from "./context/context-factory.ts";
import { openMasterKey } from "./crypto/open-master-key.ts";
import { loadPlugins } from "./hooks/load-plugins.ts";
import { createServer } from "./http/create-server.ts";
import { anchorChore } from "./operations/audit/anchor-chore.ts";
import { createBackupSchedule } from "./operations/backup/backup-schedule.ts";
import { backupSettings } from "./operations/backup/settings.ts";
import { servedTenants } from "./outbox/served-tenants.ts";
import { startWorker } from "./outbox/worker.ts";
import { paymentDeliveries } from "./payments/deliveries/deliveries.ts";
import { forgetDeclines } from "./payments/limits/declines.ts";
import { resolveAttempt } from "./payments/resolve-attempt.ts";
import { announceInstance } from "./registry/announce-instance.ts";
import { openRegistry } from "./registry/registry.ts";
import { createJwks } from "./sessions/jwks.ts";
import { createLogger } from "./telemetry/log.ts";
import { serveMetrics } from "./telemetry/serve-metrics.ts";
import { buildVersion } from "./telemetry/version.ts";
import { latestSchemaVersion, minimumSchemaVersion } from "./tenant/schema.ts";
import { openTenants } from "./tenant/tenants.ts";

const { env } = process;
const log = createLogger({ name: "server", level: env.LOG_LEVEL ?? "info" });
const graceMs = 4_500;
const drainMs = Number(env.CLARITY_DRAIN_MS ?? 0);
const collected = env.OTEL_EXPORTER_OTLP_ENDPOINT ?? env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT;
// Not loaded without a collector: nobody else needs it.
const stopTracing = collected ? (await import("./telemetry/start-tracing.ts")).startTracing(env) : null;
let stopping = false;

const registryUrl = required("CLARITY_REGISTRY_URL");
const registry = openRegistry({
  url: registryUrl,
  masterKey: openMasterKey({
    masterKey: env.CLARITY_MASTER_KEY,
    masterKeyFile: env.CLARITY_MASTER_KEY ? env.CLARITY_MASTER_KEY_FILE : required("CLARITY_MASTER_KEY_FILE"),
  }),
});
const tenants = openTenants({
  registry,
  log,
  pooler: env.CLARITY_POOLER_URL ? poolerAt(env.CLARITY_POOLER_URL) : null,
});
const hooks = await loadPlugins(env.CLARITY_PLUGINS_DIR ?? "plugins");
const makeContext = createContextFactory({
  hooks,
  // Jobs may run, and wake others, while the worker is still starting.
  wake: async (tenantId, jobs) => (await starting).wake(tenantId, jobs),
  log,
});

const name = env.CLARITY_AUDIENCE ? { audience: env.CLARITY_AUDIENCE } : {};
const starting = startWorker({
  registryUrl,
  ...servedTenants({ registry, tenants, makeContext, ...name }),
  deliveries: paymentDeliveries,
  resolveAttempt,
  chores: [anchorChore(registry.sql), forgetDeclines, ...backupChores()],
  log,
});
const worker = await starting;

const server = createServer({
  registry,
  tenants,
  makeContext,
  edgeKey: { alg: "EdDSA", key: createPublicKey(readFileSync(required("CLARITY_EDGE_PUBLIC_KEY_FILE"))) },
  ...name,
  process: { stopping: () => stopping, workerRunning: () => worker.running() },
  jwks: createJwks({ allowLoopback: env.CLARITY_ALLOW_LOOPBACK_JWKS === "1" }),
  log,
});
const http = serve(
  { fetch: server.fetch, port: Number(env.PORT ?? 4100), hostname: env.HOST ?? "127.0.0.1" },
  ({ address, port }) => log.info({ address, port }, "listening"),
) as HttpServer;
http.on("error", (error: NodeJS.ErrnoException) => {
  log.fatal({ code: error.code }, "cannot listen");
  process.exit(1);
});

const leave = announceInstance({
  registry,
  instance: {
    audience: env.CLARITY_AUDIENCE ?? sharedAudience,
    version: buildVersion(env),
    schemaVersion: latestSchemaVersion(),
    minimumSchemaVersion: minimumSchemaVersion(),
  },
  log,
});

const metrics = env.CLARITY_METRICS_PORT
  ? await serveMetrics({
      port: Number(env.CLARITY_METRICS_PORT),
      host: env.CLARITY_METRICS_HOST ?? "127.0.0.1",
      log,
    })
  : null;

async function stop() {
  if (stopping) return;
  stopping = true;
  await delay(drainMs);
  setTimeout(() => process.exit(0), graceMs).unref();
  const closed = new Promise((resolve) => http.close(resolve));
  http.closeIdleConnections();
  await Promise.allSettled([closed, worker.stop(), leave()]);
  await Promise.allSettled([tenants.close(), registry.close(), metrics?.close(), stopTracing?.()]);
  process.exit(0);
}
for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, stop);
if (env.CLARITY_EXIT_WITH_PARENT === "1") process.stdin.resume().once("close", stop);

/** Only where somebody has said where backups go. */
function backupChores() {
  if (!env.CLARITY_BACKUP_DIR) return [];
  return [createBackupSchedule({ registry, settings: backupSettings(env), log })];
}

function poolerAt(url: string): { host: string; port: number } {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port || 6432) };
}

function required(name: string): string {
  const value = env[name];
  if (value) return value;
  log.fatal(`${name} is not set`);
  process.exit(1);
}
