import { AuditQuery, type AuditVerdict, faultsOf, refused } from "../../../contract/index.ts";
import { verifyAudit } from "../../audit/verify-audit.ts";
import type { Registry } from "../../registry/registry.ts";
import { readAudit } from "../../settings/read-audit.ts";
import { answerJson, answerRefused } from "../answers.ts";
import type { Handlers } from "../mount-routes.ts";

/** What everybody did, and whether that is all of it. */
export function auditHandlers({
  registry,
}: {
  registry: Pick<Registry, "sql">;
}): Handlers<"listPortalAudit" | "verifyPortalAudit"> {
  return {
    async listPortalAudit(c, { ctx }) {
      const query = AuditQuery.safeParse(c.req.query());
      if (!query.success) {
        return answerRefused(c, refused("validation_failed", { errors: faultsOf(query.error) }));
      }
      return answerJson(await readAudit({ ctx, input: query.data }));
    },

    async verifyPortalAudit(_, { ctx }) {
      const { rows, anchors, damage } = await verifyAudit({ registry: registry.sql, db: ctx.db });
      const verdict: AuditVerdict = {
        ...{ entries: rows, anchors },
        damage: damage && { kind: damage.kind, entry: `${damage.row}` },
      };
      return answerJson(verdict);
    },
  };
}
