import type { Logger } from "pino";
import { Counter } from "prom-client";
import type { Registry } from "../registry/registry.ts";
import { IsolationBreach } from "./errors.ts";
import type { TenantRef } from "./tenant-db.ts";

/** Alert on any increase. */
export const isolationBreaches = new Counter({
  name: "isolation_breaches_total",
  help: "Answers stopped because they held rows of another tenant, or a database was another tenant's",
});

/** The last layer: looks at every row before anybody else does. */
export interface ResultMonitor {
  /** @throws IsolationBreach at the first row that is not the tenant's. */
  check(tenant: TenantRef, rows: readonly { tenant_id?: unknown }[]): Promise<void>;
  /** Counts, audits, alerts; answers the error to throw. */
  breach(tenant: TenantRef, found: string): Promise<IsolationBreach>;
}

export function createResultMonitor({ registry, log }: { registry: Registry; log: Logger }): ResultMonitor {
  const breach = async (tenant: TenantRef, found: string) => {
    isolationBreaches.inc();
    log.fatal({ tenantId: tenant.id, found }, "isolation breach: answer stopped");
    await registry
      .audit({
        actor: { kind: "platform" },
        action: "isolation.breach",
        tenantId: tenant.id,
        detail: { found },
      })
      .catch((err) => log.error({ err, tenantId: tenant.id }, "isolation breach could not be audited"));
    return new IsolationBreach(`tenant ${tenant.id} was about to be answered with ${found}`);
  };
  return {
    breach,
    async check(tenant, rows) {
      for (const row of rows) {
        if (row.tenant_id === tenant.id) continue;
        const whose = row.tenant_id === undefined ? "a row without tenant_id" : `a row of ${row.tenant_id}`;
        throw await breach(tenant, whose);
      }
    },
  };
}
