import { loadTenant, type TenantRecord } from "../../registry/tenant-record.ts";
import type { Operator } from "../operator.ts";
import { withTenantLock } from "../tenant-lock.ts";
import { SlugTaken } from "./register-tenant.ts";

/**
 * What is left of a creation, behind the tenant's lock: nobody gives it up meanwhile and leaves what a later step
 * makes. Not run when another has ended it by then.
 *
 * @param run is given the tenant as it is behind the lock: another may have gone on with it before
 * @returns the tenant as it was behind the lock: `creating` when this ran
 * @throws SlugTaken when it was given up
 */
export function whileCreating(
  { ctx, record }: { ctx: Operator; record: TenantRecord },
  run: (record: TenantRecord) => Promise<void>,
): Promise<TenantRecord> {
  return withTenantLock({ ctx, tenantId: record.id }, async () => {
    const now = await loadTenant(ctx.registry.sql, { id: record.id });
    if (!now || now.status === "deleting") {
      throw new SlugTaken(`${record.slug} was given up meanwhile: begin anew`);
    }
    if (now.status === "creating") await run(now);
    return now;
  });
}
