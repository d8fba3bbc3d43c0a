import type { AuditQuery, PortalAudit } from "../../contract/index.ts";
import type { Context } from "../context/context.ts";
import { personIn } from "./last-changes.ts";

/** The tenant's audit log, the newest first, with people by name. @throws TenantUnavailable */
export async function readAudit(call: { ctx: Context; input: AuditQuery }): Promise<PortalAudit> {
  const { ctx, input } = call;
  const { q: subject, topic, person, limit, cursor } = input;
  const wanted = person === undefined ? null : `user:${person}`;
  const rows = await ctx.db.query<{
    tenant_id: string;
    id: bigint;
    at: Date;
    actor: string;
    action: string;
    subject: string;
    detail: unknown;
    name: string | null;
  }>`
    select a.tenant_id, a.id, a.at, a.actor, a.action, a.subject, a.detail, coalesce(nullif(u.name, ''), u.email) as name
    from pay.audit_log a
    left join pay.users u on u.tenant_id = a.tenant_id and 'user:' || u.id = a.actor
    where a.tenant_id = ${ctx.tenant.id}::uuid
      and (${cursor}::bigint is null or a.id < ${cursor}::bigint)
      and (${subject || null}::text is null or a.subject = ${subject}::text)
      and (${topic}::text is null or split_part(a.action, '.', 1) = ${topic}::text)
      and (${wanted}::text is null or a.actor = ${wanted}::text)
    order by a.id desc limit ${limit + 1}`;
  const shown = rows.slice(0, limit);
  return {
    entries: shown.map(({ id, at, actor, action, subject, detail, name }) => ({
      ...{ id: `${id}`, at: at.toISOString(), by: name ?? nameOf(actor), action, subject, detail },
    })),
    next: rows.length > limit ? `${shown.at(-1)?.id}` : null,
  };
}

/** Of a payer the ERP's id; the platform and its parts are nobody. */
const nameOf = (actor: string): string | null =>
  actor.startsWith("customer:") ? actor.slice("customer:".length) : personIn(actor);
