import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import { createApp } from "./app.ts";
import type { ProviderConfig } from "./config.ts";
import { openDatabase } from "./database/database.ts";
import type { Timings } from "./http/app-env.ts";
import { startDeliverer } from "./webhooks/deliverer.ts";

export interface Provider {
  /** `http://127.0.0.1:4002` */
  readonly url: string;
  /** Finishes what is being answered, at most 2 s, and lets everything go. */
  close(): Promise<void>;
}

const defaultTimings: Timings = { hangMs: 30_000, lateMs: 12_000 };
const closeTimeoutMs = 2_000;

/** Makes the tables, starts delivering webhooks and listens. */
export async function startProvider(
  config: ProviderConfig,
  timings: Timings = defaultTimings,
): Promise<Provider> {
  const sql = await openDatabase(config.databaseUrl);
  const deliverer = startDeliverer(sql);
  const stopping = new AbortController();
  const app = createApp({ sql, config, timings, wake: deliverer.wake, stopping: stopping.signal });
  const server = createAdaptorServer({ fetch: app.fetch, hostname: config.host }) as Server;

  const release = async () => {
    await deliverer.stop();
    await sql.end({ timeout: 1 }); // seconds
  };
  try {
    await listen(server, config);
  } catch (error) {
    await release();
    throw error;
  }
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${config.host}:${port}`,
    async close() {
      stopping.abort();
      await closeServer(server);
      await release();
    },
  };
}

function listen(server: Server, { host, port }: ProviderConfig): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), closeTimeoutMs);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    server.closeIdleConnections();
  });
}
