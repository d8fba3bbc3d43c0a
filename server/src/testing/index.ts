/** Helpers for tests of every workspace that needs PostgreSQL. Runs inside vitest only. */
import type {} from "./global-setup.ts";

export { connect } from "../database/connect.ts";
export { type TestServer, type TestTenant, testServer } from "../http/testing/test-server.ts";
export { newerBuild } from "../operations/migration/testing/newer-build.ts";
export { addDatabaseServer } from "../operations/servers/database-servers.ts";
export { FakeProvider } from "../providers/fake.ts";
export { type CountingProvider, startCountingProvider } from "../providers/testing/counting-provider.ts";
export { freePort } from "./free-port.ts";
export { type TestMailbox, testMailbox } from "./mailbox.ts";
export { type TestPlatform, testPlatform } from "./platform.ts";
export { type TestDatabase, testDatabase, testServerUrl } from "./postgres.ts";
export { type TcpProxy, tcpProxy } from "./tcp-proxy.ts";

/** Loads what tracing needs, and starts it as a server process does. */
export const startServerTracing = async (env: { OTEL_SERVICE_NAME: string }) =>
  (await import("../telemetry/start-tracing.ts")).startTracing(env);
