import { randomBytes, randomUUID } from "node:crypto";
import { auditName } from "../../../actor/actor.ts";
import type { TenantRecord } from "../../../registry/tenant-record.ts";
import { names } from "../../names.ts";
import type { Operator } from "../../operator.ts";
import { loadOpenMove } from "../../records/move-record.ts";
import { loadOpenRestore, loadRestore, type RestoreRecord } from "../../records/restore-record.ts";
import { RestoreRefused } from "./errors.ts";

/** What a tenant shall be brought back to. */
export interface RestoreTarget {
  readonly to: Date;
  /** null: from the WAL archive. */
  readonly backupId: string | null;
  readonly forceReason: string | null;
}

/**
 * The row that every step goes by. Asked for the same again it answers the one that is open, whether it was
 * stopped or waits to be confirmed.
 *
 * @throws RestoreRefused when another one is open, or the tenant is not served
 */
export async function requestRestore({
  ctx,
  record,
  target,
}: {
  ctx: Operator;
  record: TenantRecord;
  target: RestoreTarget;
}): Promise<RestoreRecord> {
  const { sql } = ctx.registry;
  const open = await loadOpenRestore(sql, record.id);
  if (open) return same(open, { record, target, ctx });
  if (record.status !== "active" && record.status !== "suspended") {
    throw new RestoreRefused(
      `${record.slug} is ${record.status}: only an active or suspended tenant is restored`,
    );
  }
  if (await loadOpenMove(sql, record.id)) {
    throw new RestoreRefused(
      `a move of ${record.slug} is open: clarity tenant move-confirm or move-abort ends it`,
    );
  }
  const id = randomUUID();
  const into = names.beside(ctx.address.namespace, record.id, `r${randomBytes(3).toString("hex")}`);
  const detail = { restore: id, to: target.to.toISOString(), backup: target.backupId };
  await sql`
    with restore as (
      insert into restores (id, tenant_id, backup_id, to_instant, from_database, into_database, requested_by, force_reason)
      values (${id}, ${record.id}, ${target.backupId}, ${target.to}, ${record.database.name}, ${into}, ${auditName(ctx.actor)},
        ${target.forceReason})
      returning tenant_id
    )
    insert into operator_audit (operator, action, tenant_id, detail)
    select ${auditName(ctx.actor)}, 'tenant.restore_to', tenant_id, ${sql.json(detail)} from restore`;
  return loadRestore(sql, id);
}

async function same(
  open: RestoreRecord,
  { record, target, ctx }: { record: TenantRecord; target: RestoreTarget; ctx: Operator },
): Promise<RestoreRecord> {
  const { slug } = record;
  const instant = open.to.toISOString();
  if (
    open.backupId !== target.backupId ||
    (target.backupId === null && open.to.getTime() !== target.to.getTime())
  ) {
    const next = open.switched
      ? `clarity tenant restore-confirm ${slug} ends it and drops the replaced database`
      : `clarity tenant restore-abort ${slug} ends it`;
    throw new RestoreRefused(`a restore of ${slug} to ${instant} is open: ${next}`);
  }
  if (target.forceReason !== null && open.forceReason === null) {
    await ctx.registry.sql`update restores set force_reason = ${target.forceReason} where id = ${open.id}`;
    return loadRestore(ctx.registry.sql, open.id);
  }
  return open;
}
