import { TenantUnknown } from "../errors.ts";
import type { Operator } from "../provisioning/operator.ts";
import { loadDeletionBySlug, loadUncertified } from "./deletion-record.ts";
import { type DestroyedTenant, destroyTenant } from "./destroy-tenant.ts";
import { requestDeletion } from "./request-deletion.ts";

/**
 * Deletes without a grace period, or ends one early. There is no way back. Killed at any point, it is
 * called again and goes on; for a tenant that is gone it answers the certificate. One that was killed when only
 * the certificate was missing is ended and answered alone: whoever has the slug since was not meant.
 *
 * @param onStep as `destroyTenant`'s, `requestDeletion` first
 * @throws TenantUnknown, WorkUnfinished
 */
export async function deleteTenantNow({
  ctx,
  input: { slug, forceReason },
  onStep = () => {},
}: {
  ctx: Operator;
  input: { slug: string; forceReason?: string };
  onStep?: (step: string) => void | Promise<void>;
}): Promise<DestroyedTenant> {
  const { registry } = ctx;
  await onStep("requestDeletion");
  const begun = await loadUncertified(registry.sql, slug);
  if (begun) return destroyTenant({ ctx, input: { tenantId: begun.tenantId }, onStep });
  const there = await registry.findBySlug(slug);
  const deletion = there
    ? await requestDeletion({ ctx, input: { slug, graceDays: 0, ...(forceReason && { forceReason }) } })
    : await loadDeletionBySlug(registry.sql, slug);
  if (!deletion) throw new TenantUnknown(`no tenant ${slug}`);
  const { tenantId } = deletion;
  await registry.sql`update deletions set due_at = least(due_at, now()) where tenant_id = ${tenantId}`;
  return destroyTenant({ ctx, input: { tenantId }, onStep });
}
