import { Counter } from "prom-client";
import { AuditChainBroken, anchorAudit } from "../../audit/anchors.ts";
import type { Sql } from "../../database/connect.ts";
import type { Chore } from "../../outbox/chores.ts";

/** Alert on any increase. */
const auditChainBreaks = new Counter({
  name: "audit_chain_breaks_total",
  help: "Times the worker found the row gone or changed that the registry remembers as the head of a tenant's audit log.",
});

/** How much of a tenant's log can be cut off unnoticed, ms. */
const everyMs = 300_000;

/** Anchors each tenant's audit log; what it finds broken is counted and alerted, and the tenant served on. */
export const anchorChore = (registry: Sql): Chore => ({
  name: "anchor audit",
  everyMs,
  async run({ db, log }) {
    try {
      await anchorAudit({ registry, db });
    } catch (error) {
      if (!(error instanceof AuditChainBroken)) throw error;
      auditChainBreaks.inc();
      log.fatal({ tenantId: db.tenant.id, found: error.message }, "the audit log was tampered with");
    }
  },
});
