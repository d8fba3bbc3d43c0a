import { Counter } from "prom-client";
import type { TenantRecord } from "../registry/tenant-record.ts";
import { tenantLabel } from "../telemetry/metrics.ts";
import { TenantBusy } from "../tenant/errors.ts";
import { quotas } from "../tenant/quotas.ts";

const refusals = new Counter({
  name: "tenant_busy_total",
  help: "Requests refused because as many of the tenant's were under way as its tier allows.",
  labelNames: ["tenant"],
});

/** Keeps one tenant's slow provider or ERP from taking a whole process: so many requests at once, and no more. */
export interface Bulkhead {
  /** @returns what ends it. @throws TenantBusy */
  enter(record: Pick<TenantRecord, "id" | "slug" | "tier">): () => void;
}

export function createBulkhead(): Bulkhead {
  const underWay = new Map<string, number>();
  return {
    enter({ id, slug, tier }) {
      const now = underWay.get(id) ?? 0;
      if (now >= quotas[tier].requestsAtOnce) {
        refusals.inc({ tenant: tenantLabel(slug) });
        throw new TenantBusy(`tenant ${slug} has ${now} requests under way`);
      }
      underWay.set(id, now + 1);
      return () => {
        const left = (underWay.get(id) ?? 1) - 1;
        if (left > 0) underWay.set(id, left);
        else underWay.delete(id);
      };
    },
  };
}
