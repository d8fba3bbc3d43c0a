import { createServer, type Server } from "node:http";
import type { Logger } from "pino";

/**
 * `GET /metrics` on a port of its own, for a collector on another machine: on the port that browsers reach it answers
 * loopback alone. Nothing else answers here.
 *
 * @param port 0: any free one
 * @throws when it cannot listen
 */
export async function serveMetrics(input: {
  edge: {
    fetch(request: Request, env: { incoming: { socket: { remoteAddress: string } } }): Promise<Response>;
  };
  port: number;
  host: string;
  log: Logger;
}): Promise<Server> {
  const { edge, log } = input;
  const server = createServer(async (request, response) => {
    if (request.method !== "GET" || request.url !== "/metrics") return void response.writeHead(404).end();
    // Asked as this machine asks.
    const asked = new Request("http://127.0.0.1/metrics");
    const answer = await edge.fetch(asked, { incoming: { socket: { remoteAddress: "127.0.0.1" } } });
    const type = answer.headers.get("content-type") ?? "text/plain";
    response.writeHead(answer.status, { "content-type": type }).end(await answer.text());
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(input.port, input.host, resolve);
  });
  const address = server.address();
  log.info({ metricsPort: typeof address === "object" ? address?.port : null }, "metrics");
  return server;
}
