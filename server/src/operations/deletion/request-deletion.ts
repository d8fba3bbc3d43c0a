import { z } from "zod";
import { auditName } from "../../actor/actor.ts";
import { TenantUnknown } from "../../tenant/errors.ts";
import { type UnfinishedWork, unfinishedWork } from "../../tenant/unfinished-work.ts";
import type { Operator } from "../operator.ts";
import { type DeletionRecord, loadDeletion } from "../records/deletion-record.ts";
import { loadOpenMove } from "../records/move-record.ts";
import { asOwner } from "../servers/tenant-server.ts";
import { withTenantLock } from "../tenant-lock.ts";
import { MoveUnfinished, WorkUnfinished } from "./errors.ts";

export const NewDeletion = z.strictObject({
  slug: z.string(),
  /** Days in which `restoreTenant` undoes it. Default 30; 0: due at once. */
  graceDays: z.number().int().min(0).max(3_650).default(30),
  /** Why open payments and due deliveries may be lost. Default: they may not. */
  forceReason: z.string().trim().min(1).max(500).optional(),
});
export type NewDeletion = z.input<typeof NewDeletion>;

/**
 * Nothing of the tenant is served any more, and payers get `tenant_deleting`; nothing is destroyed
 * until the day it is due and `purgeTenants` runs. Asked again, it answers the first deletion, with a
 * reason added when one is given.
 *
 * @throws TenantUnknown, MoveUnfinished, WorkUnfinished
 */
export async function requestDeletion({
  ctx,
  input,
}: {
  ctx: Operator;
  input: NewDeletion;
}): Promise<DeletionRecord> {
  const { slug, graceDays, forceReason = null } = NewDeletion.parse(input);
  const { registry, actor } = ctx;
  const record = await registry.findBySlug(slug);
  if (!record) throw new TenantUnknown(`no tenant ${slug}`);
  if (record.status === "creating") {
    throw new TenantUnknown(
      `${slug} is half made: run its creation again first, or end it at once with --now --confirm ${slug}`,
    );
  }
  return withTenantLock({ ctx, tenantId: record.id }, async () => {
    // Its old or its new copy would outlive it.
    if (await loadOpenMove(registry.sql, record.id)) throw new MoveUnfinished(slug);
    if (record.status !== "deleting" && forceReason === null) {
      const unfinished = await asOwner({ ctx, record }, unfinishedWork);
      if (isAny(unfinished)) throw new WorkUnfinished(slug, unfinished);
    }
    // One statement: killed before it nothing has happened, after it everything.
    await registry.sql`
      with tenant as (
        update tenants set status = 'deleting', updated_at = clock_timestamp()
        from (select id, status from tenants where id = ${record.id} for update) before
        where tenants.id = before.id and before.status in ('active', 'suspended')
        returning tenants.id, slug, name, database_name, login_role, before.status as status_before
      ), deletion as (
        insert into deletions (tenant_id, slug, name, database_name, login_role, hosts, status_before,
          requested_by, due_at, force_reason)
        select id, slug, name, database_name, login_role,
          array(select host from hosts where tenant_id = id order by host), status_before,
          ${auditName(actor)}, now() + make_interval(days => ${graceDays}), ${forceReason}
        from tenant
        returning tenant_id
      )
      insert into operator_audit (operator, action, tenant_id, detail)
      select ${auditName(actor)}, 'tenant.delete', tenant_id,
        jsonb_build_object('graceDays', ${graceDays}::int, 'forceReason', ${forceReason}::text) from deletion`;
    if (forceReason !== null) {
      await registry.sql`
        update deletions set force_reason = ${forceReason} where tenant_id = ${record.id} and force_reason is null`;
    }
    const deletion = await loadDeletion(registry.sql, record.id);
    if (!deletion) throw new TenantUnknown(`no active or suspended tenant ${slug}`);
    return deletion;
  });
}

export const isAny = ({ payments, deliveries }: UnfinishedWork): boolean => payments + deliveries > 0;
