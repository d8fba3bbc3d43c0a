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
  /** A file of the widget was sent. @param version of its build, one that this edge was given */
  countAsset(version: string): void;
  /** A build of the widget, or a file of one, is not what it says. */
  countAssetFault(): void;
  /** A browser's report of a page of ours; both from closed lists. */
  countReport(report: { kind: string; directive: string }): void;
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
  const assets = new Counter({
    name: "edge_assets_total",
    help: "Files of the widget sent, by version; for one whose end is announced browsers ask daily.",
    labelNames: ["version"],
    registers: [registry],
  });
  const assetFaults = new Counter({
    name: "edge_asset_faults_total",
    help: "Builds of the widget, or files of one, that are not what they say and are not served.",
    registers: [registry],
  });
  const reports = new Counter({
    name: "edge_page_reports_total",
    help: "What browsers refused on pages of the edge, as they report it: violations of its policies.",
    labelNames: ["kind", "directive"],
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
    countAsset: (version) => assets.inc({ version }),
    countAssetFault: () => assetFaults.inc(),
    countReport: ({ kind, directive }) => reports.inc({ kind, directive }),
    lost(told) {
      for (const { why, count } of told) losses.inc({ why }, count);
    },
    text: () => registry.metrics(),
    declared: () => registry.getMetricsAsArray(),
  };
}
