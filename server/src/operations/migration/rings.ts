import { auditName } from "../../actor/actor.ts";
import { TenantUnknown } from "../../tenant/errors.ts";
import type { Operator } from "../operator.ts";

/** In this order: a migration that fails in one does not reach the next. */
export const rings = ["canary", "early", "rest"] as const;
export type Ring = (typeof rings)[number];

/**
 * Says when the tenant's turn is in migrations; `rest` is what new tenants begin in.
 *
 * @throws TenantUnknown
 */
export async function changeRing({
  ctx,
  input: { slug, ring },
}: {
  ctx: Operator;
  input: { slug: string; ring: Ring };
}): Promise<void> {
  const { count } = await ctx.registry.sql`
    with tenant as (
      update tenants set ring = ${ring}, updated_at = clock_timestamp() where slug = ${slug} returning id
    )
    insert into operator_audit (operator, action, tenant_id, detail)
    select ${auditName(ctx.actor)}, 'tenant.ring', id, jsonb_build_object('ring', ${ring}::text) from tenant`;
  if (count === 0) throw new TenantUnknown(`no tenant ${slug}: clarity tenant list shows them`);
}
