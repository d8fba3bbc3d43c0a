import type { Context } from "../context/context.ts";

/** The last change of something, out of the audit log. */
export interface LastChange {
  at: Date;
  /** A person's name, an operator's, or null: the platform. */
  by: string | null;
  detail: Record<string, unknown>;
}

/**
 * Who changed each of some subjects last, by subject; one that was never changed is not there.
 *
 * @param input.actions of these alone
 * @throws TenantUnavailable
 */
export async function lastChanges(call: {
  ctx: Context;
  input: { subjects: readonly string[]; actions: readonly string[] };
}): Promise<ReadonlyMap<string, LastChange>> {
  const { ctx, input } = call;
  const rows = await ctx.db.query<{
    tenant_id: string;
    subject: string;
    at: Date;
    actor: string;
    detail: LastChange["detail"];
    name: string | null;
  }>`
    select a.tenant_id, a.subject, a.at, a.actor, a.detail, coalesce(nullif(u.name, ''), u.email) as name
    from unnest(${[...input.subjects]}::text[]) as s (subject)
    cross join lateral (
      select * from pay.audit_log a
      where a.tenant_id = ${ctx.tenant.id}::uuid and a.subject = s.subject and a.action = any(${[...input.actions]}::text[])
      order by a.id desc limit 1
    ) a
    left join pay.users u on u.tenant_id = a.tenant_id and 'user:' || u.id = a.actor`;
  return new Map(
    rows.map(({ subject, at, actor, detail, name }) => [
      subject,
      { at, by: name ?? personIn(actor), detail },
    ]),
  );
}

/** Of an operator the name that they gave; whoever else is no person is the platform. */
export const personIn = (actor: string): string | null =>
  /^(?:operator|user):(.+)$/s.exec(actor)?.[1] ?? null;
