import { auditName } from "../../actor/actor.ts";
import { TenantUnknown } from "../../tenant/errors.ts";
import type { Operator } from "../operator.ts";

/**
 * Stops serving a tenant at once: running servers are told by the registry. Nothing is deleted.
 * Suspending a suspended tenant changes nothing.
 *
 * @throws TenantUnknown when there is no active or suspended tenant of that slug
 */
export const suspendTenant = ({ ctx, input }: { ctx: Operator; input: { slug: string } }) =>
  change({ ctx, slug: input.slug, to: "suspended" });

/** Undoes `suspendTenant`. @throws TenantUnknown */
export const resumeTenant = ({ ctx, input }: { ctx: Operator; input: { slug: string } }) =>
  change({ ctx, slug: input.slug, to: "active" });

async function change(input: { ctx: Operator; slug: string; to: "active" | "suspended" }): Promise<void> {
  const { ctx, slug, to } = input;
  const action = to === "active" ? "tenant.resume" : "tenant.suspend";
  const [changed] = await ctx.registry.sql`
    with tenant as (
      update tenants set status = ${to}, updated_at = clock_timestamp()
      where slug = ${slug} and status in ('active', 'suspended') and status <> ${to}
      returning id
    ), audit as (
      insert into operator_audit (operator, action, tenant_id) select ${auditName(ctx.actor)}, ${action}, id from tenant
    )
    select id from tenants where slug = ${slug} and status in ('active', 'suspended')`;
  if (!changed) throw new TenantUnknown(`no active or suspended tenant ${slug}`);
}
