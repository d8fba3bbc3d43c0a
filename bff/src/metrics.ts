import { matchedRoutes } from "hono/route";
import { Counter, Histogram, Registry } from "prom-client";
import type { EdgeContext } from "./request.ts";

export interface Metrics {
  observe(c: EdgeContext, durationMs: number): void;
  /** The pattern that answered, such as `/v1/payments/:id`; never an address with ids in it. */
  routeOf(c: EdgeContext): string;
  /** Prometheus text. */
  text(): Promise<string>;
}

export function createMetrics(): Metrics {
  const registry = new Registry();
  const requests = new Counter({
    name: "edge_requests_total",
    help: "Requests answered.",
    labelNames: ["route", "method", "status"],
    registers: [registry],
  });
  const durations = new Histogram({
    name: "edge_request_duration_seconds",
    help: "Time to the answer.",
    labelNames: ["route"],
    buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10],
    registers: [registry],
  });
  const routeOf = (c: EdgeContext) =>
    matchedRoutes(c).findLast(({ path, method }) => method !== "ALL" || !path.endsWith("*"))?.path ?? "other";
  return {
    observe(c, durationMs) {
      const route = routeOf(c);
      requests.inc({ route, method: c.req.method, status: c.res.status });
      durations.observe({ route }, durationMs / 1000);
    },
    routeOf,
    text: () => registry.metrics(),
  };
}
