import { sharedAudience } from "../../contract/index.ts";
import { auditName } from "../actor/actor.ts";
import type { MakeContext } from "../context/context-factory.ts";
import type { Registry } from "../registry/registry.ts";
import type { TenantRecord } from "../registry/tenant-record.ts";
import { TenantElsewhere } from "../tenant/errors.ts";
import { quotas } from "../tenant/quotas.ts";
import type { Tenants } from "../tenant/tenants.ts";
import type { WorkerOptions } from "./worker.ts";

/**
 * The tenants one server's worker works for: those the registry sends to this server, as for requests
 * (`http/authenticate.ts`), suspended ones included. Suspending stops new payments; what was paid before is
 * still found out, posted and receipted.
 *
 * @param audience this server's name: its base URL in the registry when it is a tenant's own; default `shared`
 */
export function servedTenants({
  registry,
  tenants,
  makeContext,
  audience = sharedAudience,
}: {
  registry: Registry;
  tenants: Tenants;
  makeContext: MakeContext;
  audience?: string;
}): Required<Pick<WorkerOptions, "audience" | "contextFor" | "jobsAtOnce" | "listTenantIds">> {
  const isOurs = ({ upstream }: TenantRecord) => (upstream ?? sharedAudience) === audience;
  return {
    audience,
    async listTenantIds() {
      const records = await registry.list();
      const working = records.filter(({ status }) => status === "active" || status === "suspended");
      return working.filter(isOurs).map(({ id }) => id);
    },
    async jobsAtOnce(tenantId) {
      const record = await registry.findById(tenantId);
      return quotas[record?.tier ?? "standard"].jobsAtOnce;
    },
    async contextFor(tenantId, actor) {
      const open = await tenants.open(tenantId, { evenSuspended: true });
      // A job may have been queued before the registry sent its tenant elsewhere.
      if (!isOurs(open.record)) throw new TenantElsewhere(`tenant ${open.tenant.slug} is another instance's`);
      return makeContext(open, { actor, requestId: auditName(actor) });
    },
  };
}
