import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";

interface Delivery {
  headers: IncomingHttpHeaders;
  body: string;
  /** `data.reference` of the body. */
  reference: string;
  status: string;
  /** What the endpoint said to it. */
  answered: number;
}

/** A merchant's webhook endpoint that remembers what came. */
export interface Receiver {
  readonly url: string;
  /** In order of arrival. */
  readonly deliveries: Delivery[];
  of(reference: string): Delivery[];
  /** What to answer from now on; 204 at first. */
  answerWith(status: number): void;
  close(): Promise<void>;
}

export async function startReceiver(): Promise<Receiver> {
  const deliveries: Delivery[] = [];
  let status = 204;
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString("utf8");
    deliveries.push({ headers: request.headers, body, ...JSON.parse(body).data, answered: status });
    response.writeHead(status, status === 302 ? { location: "/elsewhere" } : {}).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://hooks.localhost:${(server.address() as AddressInfo).port}/webhooks`,
    deliveries,
    of: (reference) => deliveries.filter((delivery) => delivery.reference === reference),
    answerWith(next) {
      status = next;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
