import { auditName } from "../../actor/actor.ts";
import { TenantUnknown } from "../../tenant/errors.ts";
import type { Operator } from "../operator.ts";
import { loadDeletion } from "../records/deletion-record.ts";
import { setLogin } from "../servers/tenant-server.ts";
import { withTenantLock } from "../tenant-lock.ts";
import { TooLateToRestore } from "./errors.ts";

/**
 * Undoes `requestDeletion`: the tenant is active or suspended again, as it was before. Possible until
 * the destruction has begun, also after the due date. Restoring a tenant that is not being deleted changes nothing.
 *
 * @throws TenantUnknown, TooLateToRestore
 */
export async function restoreTenant({
  ctx,
  input,
}: {
  ctx: Operator;
  input: { slug: string };
}): Promise<{ status: "active" | "suspended" }> {
  const { registry } = ctx;
  const record = await registry.findBySlug(input.slug);
  if (!record || record.status === "creating") throw new TenantUnknown(`no tenant ${input.slug} to restore`);
  return withTenantLock({ ctx, tenantId: record.id }, async () => {
    const deletion = await loadDeletion(registry.sql, record.id);
    if (deletion?.stock) {
      throw new TooLateToRestore(
        `the destruction of ${input.slug} began at ${deletion.stock.takenAt.toISOString()}`,
      );
    }
    // A destruction that stopped at unfinished work may have left it closed.
    if (deletion) await setLogin({ ctx, record, open: true });
    await registry.sql`
      with deletion as (
        delete from deletions where tenant_id = ${record.id} and destroying_at is null
        returning tenant_id, status_before
      ), restored as (
        update tenants set status = status_before, updated_at = clock_timestamp()
        from deletion where id = tenant_id
        returning id
      )
      insert into operator_audit (operator, action, tenant_id)
      select ${auditName(ctx.actor)}, 'tenant.restore', id from restored`;
    const restored = await registry.findById(record.id);
    if (restored?.status !== "active" && restored?.status !== "suspended") {
      throw new TenantUnknown(`no tenant ${input.slug} to restore`);
    }
    return { status: restored.status };
  });
}
