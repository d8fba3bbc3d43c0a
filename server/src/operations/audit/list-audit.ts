import type { TenantDb } from "../../tenant/tenant-db.ts";

export interface AuditEntry {
  id: bigint;
  at: Date;
  actor: string;
  action: string;
  subject: string;
  detail: unknown;
}

/** The newest rows first. `subject` null: of everything. */
export async function listAudit(call: {
  db: TenantDb;
  input: { subject: string | null; limit: number };
}): Promise<AuditEntry[]> {
  const { db, input } = call;
  const rows = await db.query<AuditEntry & { tenant_id: string }>`
    select tenant_id, id, at, actor, action, subject, detail from pay.audit_log
    where tenant_id = ${db.tenant.id}::uuid
      and (${input.subject}::text is null or subject = ${input.subject}::text)
    order by id desc limit ${input.limit}`;
  return rows.map(({ id, at, actor, action, subject, detail }) => ({
    id,
    at,
    actor,
    action,
    subject,
    detail,
  }));
}
