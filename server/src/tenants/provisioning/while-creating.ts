import { loadTenant, type TenantRecord } from "../../registry/tenant-record.ts";
import { withTenantLock } from "../deletion/tenant-lock.ts";
import type { Operator } from "./operator.ts";
import { SlugTaken } from "./register-tenant.ts";

/**
 * What is left of a creation, behind the tenant's lock: nobody gives it up meanwhile and leaves what a later step
 * makes. Not run when another has ended it by then.
 *
 * @throws SlugTaken when it was given up
 */
export async function whileCreating(
  { ctx, record }: { ctx: Operator; record: TenantRecord },
  run: () => Promise<void>,
): Promise<void> {
  await withTenantLock({ ctx, tenantId: record.id }, async () => {
    const now = await loadTenant(ctx.registry.sql, { id: record.id });
    if (!now || now.status === "deleting") {
      throw new SlugTaken(`${record.slug} was given up meanwhile: begin anew`);
    }
    if (now.status === "creating") await run();
  });
}
