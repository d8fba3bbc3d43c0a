import { TenantUnknown } from "../../tenant/errors.ts";
import type { Operator } from "../operator.ts";
import { loadDeletionBySlug, loadUncertified } from "../records/deletion-record.ts";
import { type DestroyedTenant, destroyTenant } from "./destroy-tenant.ts";
import { giveUpCreation } from "./give-up-creation.ts";
import { requestDeletion } from "./request-deletion.ts";

/**
 * Deletes without a grace period, ends one early, or gives up a tenant that is half made. There is no way back. Killed
 * at any point, it is called again and goes on; for a tenant that is gone it answers the certificate. One that was
 * killed when only the certificate was missing is ended and answered alone: whoever has the slug since was not meant.
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
  const reason = forceReason && { forceReason };
  const deletion =
    there?.status === "creating"
      ? await giveUpCreation({ ctx, input: { record: there, ...reason } })
      : there
        ? await requestDeletion({ ctx, input: { slug, graceDays: 0, ...reason } })
        : await loadDeletionBySlug(registry.sql, slug);
  if (!deletion) throw new TenantUnknown(`no tenant ${slug}`);
  const { tenantId } = deletion;
  await registry.sql`update deletions set due_at = least(due_at, now()) where tenant_id = ${tenantId}`;
  return destroyTenant({ ctx, input: { tenantId }, onStep });
}
