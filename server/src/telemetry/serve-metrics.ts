import type { AddressInfo } from "node:net";
import type { Logger } from "pino";
import { collectDefaultMetrics } from "prom-client";
import { type ConnectionLimits, createGuardedServer } from "../../contract/connections/index.ts";
import { metricsText } from "./metrics.ts";

export interface MetricsServer {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * `GET /metrics` on a port of its own, which no edge forwards to: slugs and volumes of all tenants are the
 * operator's. Beside ours the process's own: memory, event loop, garbage collection.
 *
 * @param port 0: any free one
 * @throws when it cannot listen
 */
export async function serveMetrics(input: {
  port: number;
  host: string;
  limits: ConnectionLimits;
  log: Logger;
}): Promise<MetricsServer> {
  collectDefaultMetrics();
  const server = createGuardedServer({
    limits: input.limits,
    async answer(request, response) {
      if (request.method !== "GET" || request.url !== "/metrics") return void response.writeHead(404).end();
      try {
        const text = await metricsText();
        response.writeHead(200, { "content-type": "text/plain; version=0.0.4; charset=utf-8" }).end(text);
      } catch (err) {
        input.log.error({ err }, "metrics could not be collected");
        response.writeHead(500).end();
      }
    },
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(input.port, input.host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  input.log.info({ metricsPort: port }, "metrics");
  return {
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
