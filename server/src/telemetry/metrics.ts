import { Counter, Gauge, Histogram, type MetricObject, register } from "prom-client";

/**
 * What the server counts, on the process's one Prometheus registry. Another module declares its own with
 * `new Counter({ name, help })` at its top: it is served and documented with these.
 *
 * Labels are closed lists or patterns, never ids. Tenants have their slug, the first `mostTenants` of them; the rest
 * are `other`: a series costs memory here and at the collector, and a thousand tenants times every route is many.
 */

/** Tenants told apart in counters of one process. */
const mostTenants = 100;
const labelled = new Set<string>();

/** The `tenant` label of a slug; `none` when a request came to no tenant. */
export function tenantLabel(slug: string | undefined): string {
  if (slug === undefined) return "none";
  if (labelled.has(slug)) return slug;
  if (labelled.size >= mostTenants) return "other";
  labelled.add(slug);
  return slug;
}

/** Seconds; from a cached read to a payment whose provider is slow. */
const durationBuckets = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export const requestsAnswered = new Counter({
  name: "server_requests_total",
  help: "Requests answered, by route pattern and status.",
  labelNames: ["route", "method", "status", "tenant"],
});

export const requestDurations = new Histogram({
  name: "server_request_duration_seconds",
  help: "Time to the answer.",
  labelNames: ["route"],
  buckets: durationBuckets,
});

export const connectionsLost = new Counter({
  name: "server_connections_lost_total",
  help: "Connections, or requests on them, refused or cut, by why; the words stand in server/contract/connections/losses.ts.",
  labelNames: ["why"],
});

export const paymentOutcomes = new Counter({
  name: "payments_total",
  help: "Payments that came to a state; `pending` is counted when an outcome stays unknown.",
  labelNames: ["state", "tenant"],
});

export const providerCalls = new Counter({
  name: "provider_calls_total",
  help: "Calls to payment providers, by verb and kind of answer; `threw` is a fault of the adapter.",
  labelNames: ["provider", "call", "outcome", "tenant"],
});

export const providerDurations = new Histogram({
  name: "provider_call_duration_seconds",
  help: "Time a payment provider took.",
  labelNames: ["provider", "call"],
  buckets: durationBuckets,
});

export const erpCalls = new Counter({
  name: "erp_calls_total",
  help: "Calls to ERPs, by verb and kind of answer: `posted`, `retry`, `refused`, `read`, or why reading failed.",
  labelNames: ["erp", "call", "outcome", "tenant"],
});

export const erpDurations = new Histogram({
  name: "erp_call_duration_seconds",
  help: "Time an ERP took, waiting for a turn included.",
  labelNames: ["erp", "call"],
  buckets: [...durationBuckets, 30, 60],
});

export const deliveries = new Counter({
  name: "deliveries_total",
  help: "Tries to deliver outbox rows: ERP posts and receipt e-mails.",
  labelNames: ["kind", "outcome", "tenant"],
});

export const registryLookups = new Counter({
  name: "registry_lookups_total",
  help: "Tenants looked up: `remembered`, `loaded`, `stale` (the registry is down, served all the same), `failed`.",
  labelNames: ["result"],
});

export const openConnections = new Gauge({
  name: "tenant_connections",
  help: "Connections to tenants' databases this process holds, those being opened or closed included.",
});

export const pendingQueries = new Gauge({
  name: "tenant_queries_pending",
  help: "Statements under way or waiting for a connection, all tenants together.",
});

export const sweepFinishedAt = new Gauge({
  name: "sweep_finished_timestamp_seconds",
  help: "When the worker last finished a look through its tenants, Unix time.",
});

/** Values of many tenants, of which the largest are told apart. A tenant at 0 has no series. */
class TenantGauge {
  readonly #values = new Map<string, { slug: string; value: number }>();

  constructor(options: { name: string; help: string }) {
    const values = this.#values;
    new Gauge({
      ...options,
      labelNames: ["tenant"],
      collect() {
        this.reset();
        const largest = [...values.values()].sort((a, b) => b.value - a.value);
        for (const [place, { slug, value }] of largest.entries()) {
          this.inc({ tenant: place < mostTenants ? slug : "other" }, value);
        }
      },
    });
  }

  set({ id, slug }: { id: string; slug: string }, value: number): void {
    if (value > 0) this.#values.set(id, { slug, value });
    else this.#values.delete(id);
  }

  forget(tenantId: string): void {
    this.#values.delete(tenantId);
  }
}

/** Set by the worker's sweep, at each tenant's turn: a scrape asks no database. */
export const backlog = {
  due: new TenantGauge({
    name: "outbox_due",
    help: "Deliveries waiting, at the tenant's last sweep.",
  }),
  dead: new TenantGauge({
    name: "outbox_dead",
    help: "Dead letters a person must look at.",
  }),
  unknown: new TenantGauge({
    name: "attempts_unknown",
    help: "Attempts whose outcome is still unknown a minute after they began.",
  }),
  conflicted: new TenantGauge({
    name: "payments_conflicted",
    help: "Payments in conflict, which a person must settle.",
  }),
  faults: new TenantGauge({
    name: "erp_record_faults",
    help: "Records of the ERP that cannot be used as they are; the tenant mends them there.",
  }),
};

/** Prometheus text, format 0.0.4. */
export const metricsText = (): Promise<string> => register.metrics();

/** For the docs: what modules loaded so far declare, without values. */
export const declaredMetrics = (): MetricObject[] => register.getMetricsAsArray();
