import { auditName } from "../../actor/actor.ts";
import { errorCode } from "../../database/client.ts";
import { loadTenant, type TenantRecord } from "../../registry/tenant-record.ts";
import { TenantUnknown } from "../../tenant/errors.ts";
import type { Operator } from "../operator.ts";
import { type DeletionRecord, loadDeletion } from "../records/deletion-record.ts";
import { withTenantLock } from "../tenant-lock.ts";
import { WorkUnfinished } from "./errors.ts";
import { isAny } from "./request-deletion.ts";
import { count, fingerprintOf, uncounted } from "./steps.ts";

/**
 * Ends a creation or an import that stopped half-way and cannot go on, or is not to. The tenant was never served, so
 * there is nothing to wait for: the destruction has begun with this, and there is no way back.
 *
 * @throws TenantUnknown when it was ended meanwhile; WorkUnfinished of an import that took over; Error when its database
 *   server does not say what there is, and there is no reason to leave that behind
 */
export async function giveUpCreation({
  ctx,
  input: { record: found, forceReason = null },
}: {
  ctx: Operator;
  input: { record: TenantRecord; forceReason?: string | null };
}): Promise<DeletionRecord> {
  const { registry, actor } = ctx;
  const { id, slug } = found;
  return withTenantLock({ ctx, tenantId: id }, async () => {
    const record = await loadTenant(registry.sql, { id });
    if (record?.status !== "creating") throw new TenantUnknown(`${slug} is half made no more: ask again`);
    const { rowCounts, unfinished } = await stockOf({ ctx, record, forceReason });
    if (isAny(unfinished) && forceReason === null) throw new WorkUnfinished(slug, unfinished);
    const { sql } = registry;
    // Nothing ever reads `status_before` of a destruction that has begun.
    await sql`
      with tenant as (
        update tenants set status = 'deleting', updated_at = clock_timestamp()
        where id = ${id} and status = 'creating'
        returning id, slug, name, database_name, login_role
      ), deletion as (
        insert into deletions (tenant_id, slug, name, database_name, login_role, hosts, status_before, requested_by,
          due_at, force_reason, destroying_at, destroyed_by, row_counts, unfinished, key_fingerprint)
        select id, slug, name, database_name, login_role,
          array(select host from hosts where tenant_id = id order by host), 'suspended', ${auditName(actor)},
          now(), ${forceReason}, clock_timestamp(), ${auditName(actor)}, ${sql.json(rowCounts)}, ${sql.json({ ...unfinished })},
          ${fingerprintOf(record)}
        from tenant
        returning tenant_id, slug
      )
      insert into operator_audit (operator, action, tenant_id, detail)
      select ${auditName(actor)}, action, tenant_id, jsonb_build_object('slug', slug, 'forceReason', ${forceReason}::text)
      from deletion, unnest(array['tenant.delete', 'tenant.destroy']) as action`;
    const deletion = await loadDeletion(sql, id);
    if (!deletion) throw new Error(`the deletion of ${slug} vanished from the registry`);
    return deletion;
  });
}

async function stockOf(input: { ctx: Operator; record: TenantRecord; forceReason: string | null }) {
  return count(input).catch((error: Error) => {
    // invalid_catalog_name, object_not_in_prerequisite_state: not made yet, or nobody was ever let in.
    const bare = ["3D000", "55000"].includes(errorCode(error));
    if (bare || input.forceReason !== null) return uncounted;
    throw new Error(
      `nobody can tell what there is of ${input.record.slug}, since its database server does not answer ` +
        `(${error.message}): give a reason with --force-reason to leave that behind`,
      { cause: error },
    );
  });
}
