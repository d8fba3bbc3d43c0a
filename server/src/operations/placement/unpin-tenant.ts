import { sharedAudience } from "../../../contract/index.ts";
import { auditName } from "../../actor/actor.ts";
import { TenantUnknown } from "../../tenant/errors.ts";
import { PinRefused } from "../errors.ts";
import { objectionTo } from "../fit-instance.ts";
import type { Operator } from "../operator.ts";
import { loadOpenMove } from "../records/move-record.ts";
import { withTenantLock } from "../tenant-lock.ts";

export interface Unpinned {
  /** Who serves it now: a base URL, or `shared`. */
  readonly audience: string;
  /** Why it does not go back to where it was before; null: it does. */
  readonly stays: string | null;
}

/**
 * Ends a code freeze: the tenant is migrated with the others from now on, and served where it was before. While those
 * servers cannot read its older schema it stays, and moves when it has been migrated.
 *
 * @throws TenantUnknown; PinRefused when it is not pinned
 */
export async function unpinTenant({
  ctx,
  input: { slug },
}: {
  ctx: Operator;
  input: { slug: string };
}): Promise<Unpinned> {
  const { registry } = ctx;
  const found = await registry.findBySlug(slug);
  if (!found) throw new TenantUnknown(`no tenant ${slug}`);
  return withTenantLock({ ctx, tenantId: found.id }, async () => {
    if (await loadOpenMove(registry.sql, found.id)) {
      throw new PinRefused(`${slug} is being moved: clarity tenant move-confirm or move-abort first`);
    }
    const record = (await registry.findById(found.id)) ?? found;
    const [row] = await registry.sql<{ pinned_from: string | null }[]>`
      select pinned_from from tenants where id = ${found.id}`;
    if (!record.pin) throw new PinRefused(`${slug} is not pinned`);
    const here = record.upstream ?? sharedAudience;
    const before = row?.pinned_from ?? here;
    const stays = await objectionTo({ ctx, record: { ...record, pin: null }, audience: before });
    const audience = stays === null ? before : here;
    await registry.sql`
      with tenant as (
        update tenants set pinned_version = null, pin_reason = null, pin_until = null, pinned_from = null,
          upstream = nullif(${audience}, ${sharedAudience}), updated_at = clock_timestamp()
        where id = ${found.id} and pinned_version is not null returning id
      )
      insert into operator_audit (operator, action, tenant_id, detail)
      select ${auditName(ctx.actor)}, 'tenant.unpin', id, jsonb_build_object('instance', ${audience}::text) from tenant`;
    return { audience, stays };
  });
}
