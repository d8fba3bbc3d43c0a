import type { Loss } from "@clarity/server/contract/connections";
import { Counter, Gauge, Histogram, type MetricObject, Registry } from "prom-client";

export interface Metrics {
  observe(request: {
    route: string;
    method: string;
    status: number;
    /** Slug; undefined where none was found. */
    tenant: string | undefined;
    durationMs: number;
  }): void;
  /** Connections, or requests on them, that were refused or cut. */
  lost(losses: readonly Loss[]): void;
  /** Prometheus text. */
  text(): Promise<string>;
  /** For the docs: what there is, without values. */
  declared(): MetricObject[];
}

/** Tenants told apart in one process; the rest are `other`, for a series costs memory here and at the collector. */
const mostTenants = 100;

function tenantLabels(): (slug: string | undefined) => string {
  const labelled = new Set<string>();
  return (slug) => {
    if (slug === undefined) return "none";
    if (labelled.size < mostTenants) labelled.add(slug);
    return labelled.has(slug) ? slug : "other";
  };
}

/** @param redisAnswers whether the Redis that edges share does; default: there is none */
export function createMetrics(redisAnswers: () => boolean = () => false): Metrics {
  const registry = new Registry();
  const labelOf = tenantLabels();
  const requests = new Counter({
    name: "edge_requests_total",
    help: "Requests answered, those over a limit (429) included.",
    labelNames: ["route", "method", "status", "tenant"],
    registers: [registry],
  });
  const durations = new Histogram({
    name: "edge_request_duration_seconds",
    help: "Time to the answer.",
    labelNames: ["route"],
    buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10],
    registers: [registry],
  });
  const losses = new Counter({
    name: "edge_connections_lost_total",
    help: "Connections, or requests on them, refused or cut, by why; the words stand in server/contract/connections/losses.ts.",
    labelNames: ["why"],
    registers: [registry],
  });
  new Gauge({
    name: "edge_redis_up",
    help: "1 while the Redis that edges share answers. At 0, as without one, limits are each edge's own.",
    registers: [registry],
    collect() {
      this.set(redisAnswers() ? 1 : 0);
    },
  });
  return {
    observe({ route, method, status, tenant, durationMs }) {
      requests.inc({ route, method, status, tenant: labelOf(tenant) });
      durations.observe({ route }, durationMs / 1000);
    },
    lost(told) {
      for (const { why, count } of told) losses.inc({ why }, count);
    },
    text: () => registry.metrics(),
    declared: () => registry.getMetricsAsArray(),
  };
}
