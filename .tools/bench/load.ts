/** A bounded load over keep-alive connections on loopback, and the arithmetic of its figures. */
import { Agent, request } from "node:http";

export interface LoadRequest {
  method: "GET" | "POST";
  path: string;
  headers: Record<string, string>;
  body?: string;
}

export interface LoadResult {
  requests: number;
  /** Answers outside 2xx: a benchmark with any is worthless and the caller throws. */
  failures: number;
  perSecond: number;
  latenciesMs: number[];
}

/**
 * Sends every request once, `connections` at a time.
 *
 * @param kept whose connections outlive the call; default new ones
 */
export async function load(
  port: number,
  requests: readonly LoadRequest[],
  connections: number,
  kept?: Agent,
): Promise<LoadResult> {
  const agent = kept ?? new Agent({ keepAlive: true, maxSockets: connections });
  const latenciesMs: number[] = [];
  let failures = 0;
  let index = 0;
  const lane = async () => {
    for (let next = requests[index++]; next; next = requests[index++]) {
      const started = performance.now();
      const { status } = await send(agent, port, next);
      latenciesMs.push(performance.now() - started);
      if (status < 200 || status > 299) failures++;
    }
  };
  const started = performance.now();
  await Promise.all(Array.from({ length: connections }, lane));
  const seconds = (performance.now() - started) / 1000;
  if (!kept) agent.destroy();
  return { requests: requests.length, failures, perSecond: requests.length / seconds, latenciesMs };
}

/** One request; the answer's status and text. Not `fetch`, which may not set `Host`. */
export function send(
  agent: Agent | undefined,
  port: number,
  next: LoadRequest,
): Promise<{ status: number; text: string }> {
  const { method, path, headers, body } = next;
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { ...(agent ? { agent } : {}), host: "127.0.0.1", port, method, path, headers },
      (answer) => {
        let text = "";
        answer.setEncoding("utf8").on("data", (chunk) => {
          text += chunk;
        });
        answer.on("end", () => resolve({ status: answer.statusCode ?? 0, text }));
      },
    );
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

/** The value below which `share` (0–1) of the values lie. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export const median = (values: readonly number[]) => quantile(values, 0.5);
