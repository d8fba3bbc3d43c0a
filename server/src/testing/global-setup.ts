import { chmodSync, mkdtempSync, readdirSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import {
  type EmbeddedPostgres,
  removeEmbeddedPostgres,
  startEmbeddedPostgres,
} from "../database/embedded-postgres.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** Asking it (GET) starts the run's PostgreSQL if need be and answers its superuser URL. */
    postgresBroker: string;
  }
}

const prefix = "pay-test-postgres-";

/**
 * One PostgreSQL per test run, started when the first test asks for a database: a run without
 * database tests does not pay for it. `TEST_DATABASE_URL` names another in its place, as superuser: the tests make and
 * drop databases and roles there.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  let starting: Promise<EmbeddedPostgres> | null = null;
  let dataDir: string | null = null;
  const start = async () => {
    await removeLeftovers();
    dataDir = mkdtempSync(join(tmpdir(), `${prefix}${process.pid}-`));
    // mkdtemp closes the folder to others; the server runs as another user when we are root.
    chmodSync(dataDir, 0o755);
    return startEmbeddedPostgres({ dataDir, port: 0, settings: fastAndForgetful });
  };
  const given = process.env.TEST_DATABASE_URL;
  const broker = createServer((_, response) => {
    if (given) return response.end(given);
    starting ??= start();
    starting.then(
      ({ url }) => response.end(url),
      (error: Error) => response.writeHead(500).end(error.message),
    );
  });
  await listen(broker);
  project.provide("postgresBroker", `http://127.0.0.1:${(broker.address() as AddressInfo).port}/`);

  return async () => {
    broker.close();
    broker.closeAllConnections();
    if (!dataDir) return;
    await starting?.catch(() => {});
    await removeEmbeddedPostgres(dataDir);
  };
}

const fastAndForgetful = {
  fsync: "off",
  synchronous_commit: "off",
  full_page_writes: "off",
  shared_buffers: "64MB",
};

/** Data folders of runs that were killed. */
async function removeLeftovers(): Promise<void> {
  for (const name of readdirSync(tmpdir())) {
    if (!name.startsWith(prefix)) continue;
    const pid = Number.parseInt(name.slice(prefix.length), 10);
    try {
      process.kill(pid, 0);
    } catch {
      await removeEmbeddedPostgres(join(tmpdir(), name)).catch(() => {
        // Another user's, or another run is removing it too.
      });
    }
  }
}

const listen = (server: Server) =>
  new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
