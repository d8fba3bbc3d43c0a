/**
 * The server as a process: HTTP for the edge, and the worker.
 * What it reads from its environment is data, in environment.ts; `--help` prints it, README.md has the table.
 *
 * SIGTERM or SIGINT stops it: after CLARITY_DRAIN_MS, requests under way get CLARITY_GRACE_MS to finish; so do jobs,
 * and those that do not are found again by the next sweep.
 */
import "../contract/environment/home.ts";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { connectionLimitsOf } from "../contract/connections/index.ts";
import { environmentAtStart } from "../contract/environment/index.ts";
import { createContextFactory } from "./context/context-factory.ts";
import { masterKeyPlace } from "./crypto/master-key-variables.ts";
import { openMasterKey } from "./crypto/open-master-key.ts";
import { neutralSender } from "./email/neutral-sender.ts";
import { serverEnvironment } from "./environment.ts";
import { loadPlugins } from "./hooks/load-plugins.ts";
import { createServer } from "./http/create-server.ts";
import { openEdgePublicKeys } from "./http/edge-key.ts";
import { createHttpServer } from "./http/serve.ts";
import { parseAllowList } from "./network/allow-list.ts";
import { createNetwork } from "./network/network.ts";
import { anchorChore } from "./operations/audit/anchor-chore.ts";
import { startShipping } from "./operations/audit/ship-logs.ts";
import { sinkOf } from "./operations/audit/sink-variables.ts";
import { createBackupSchedule } from "./operations/backup/backup-schedule.ts";
import { backupSettings } from "./operations/backup/settings.ts";
import { createRoleWatchdog } from "./operations/watchdog/role-watchdog.ts";
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
import { forgetExpiredLogins } from "./users/forget-expired.ts";

const env = environmentAtStart(serverEnvironment, createLogger({ name: "server" }));
const log = createLogger({ name: "server", level: env.LOG_LEVEL });
const collected = env.OTEL_EXPORTER_OTLP_ENDPOINT ?? env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT;
// Not loaded without a collector: nobody else needs it.
const stopTracing = collected ? (await import("./telemetry/start-tracing.ts")).startTracing(env) : null;
let stopping = false;

const registryUrl = env.CLARITY_REGISTRY_URL;
const masterKey = orRefuse("CLARITY_MASTER_KEY", () => openMasterKey(masterKeyPlace(env)));
const registry = orRefuse("CLARITY_REGISTRY_URL", () => openRegistry({ url: registryUrl, masterKey }));
const keys = await openEdgePublicKeys(env.CLARITY_EDGE_PUBLIC_KEY_FILE, (err) =>
  log.error({ err }, "the edge's public keys cannot be read again: those known before are believed on"),
).catch(refuse("CLARITY_EDGE_PUBLIC_KEY_FILE"));
const tenants = openTenants({
  registry,
  log,
  pooler: env.CLARITY_POOLER_URL ? poolerAt(env.CLARITY_POOLER_URL) : null,
});
const hooks = await loadPlugins(env.CLARITY_PLUGINS_DIR);
const network = createNetwork({ allow: parseAllowList(env.CLARITY_ALLOWED_NETWORKS) });
const makeContext = createContextFactory({
  network,
  hooks,
  // Jobs may run, and wake others, while the worker is still starting.
  wake: async (tenantId, jobs) => (await starting).wake(tenantId, jobs),
  log,
});

const { CLARITY_AUDIENCE: audience } = env;
const starting = startWorker({
  registryUrl,
  ...servedTenants({ registry, tenants, makeContext, audience }),
  deliveries: paymentDeliveries,
  resolveAttempt,
  graceMs: env.CLARITY_GRACE_MS,
  chores: [
    anchorChore(registry.sql),
    createRoleWatchdog({ registry: registry.sql }),
    forgetDeclines,
    forgetExpiredLogins,
    ...backupChores(),
  ],
  log,
});
const worker = await starting;
const sink = sinkOf(env);
const stopShipping = sink && startShipping({ registry: registry.sql, sink, log });

const server = createServer({
  registry,
  tenants,
  makeContext,
  edgeKey: { alg: "EdDSA", keys },
  audience,
  process: { stopping: () => stopping, workerRunning: () => worker.running() },
  jwks: createJwks({ network }),
  neutral: neutralSender(env.CLARITY_MAIL_URL, env.CLARITY_MAIL_FROM),
  log,
});
const limits = connectionLimitsOf(env);
const http = createHttpServer({ fetch: server.fetch, limits, log });
http.listen(env.PORT, env.HOST, () => {
  const { address, port } = http.address() as AddressInfo;
  log.info({ address, port }, "listening");
});
http.on("error", cannotListen);
// An edge keeps its connections: the next request goes to another server, once we are to stop.
http.prependListener("request", (_, response) => stopping && response.setHeader("connection", "close"));

const leave = announceInstance({
  registry,
  instance: {
    audience,
    version: buildVersion(env),
    schemaVersion: latestSchemaVersion(),
    minimumSchemaVersion: minimumSchemaVersion(),
  },
  log,
});

const metrics =
  env.CLARITY_METRICS_PORT === undefined
    ? null
    : await serveMetrics({
        port: env.CLARITY_METRICS_PORT,
        host: env.CLARITY_METRICS_HOST,
        limits,
        log,
      }).catch((err) => {
        // Nobody pays less surely for want of them.
        log.error({ err }, "metrics are not served");
        return null;
      });

async function stop() {
  if (stopping) return;
  stopping = true;
  await delay(env.CLARITY_DRAIN_MS);
  setTimeout(() => process.exit(0), env.CLARITY_GRACE_MS).unref();
  const closed = new Promise((resolve) => http.close(resolve));
  // What was under way when we were asked to stop leaves its connection open behind it.
  setInterval(() => http.closeIdleConnections(), 50).unref();
  await Promise.allSettled([closed, worker.stop(), leave(), stopShipping?.()]);
  await Promise.allSettled([tenants.close(), registry.close(), metrics?.close(), stopTracing?.()]);
  process.exit(0);
}
for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, stop);
if (env.CLARITY_EXIT_WITH_PARENT) process.stdin.resume().once("close", stop);

/** Only where somebody has said where backups go. */
function backupChores() {
  if (!env.CLARITY_BACKUP_DIR) return [];
  return [createBackupSchedule({ registry, settings: backupSettings(process.env), log })];
}

function poolerAt(url: string): { host: string; port: number } {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port || 6432) };
}

/** What a variable names is there and of no use. */
function orRefuse<T>(variable: string, open: () => T): T {
  try {
    return open();
  } catch (error) {
    return refuse(variable)(error as Error);
  }
}

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
