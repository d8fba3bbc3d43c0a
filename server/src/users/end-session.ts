import { auditName } from "../actor/actor.ts";
import type { Context } from "../context/context.ts";
import { json } from "../tenant/tenant-db.ts";

/** Ends one session, or with `everywhere` all of its person's; at once. @throws TenantUnavailable */
export async function endSession(call: {
  ctx: Context;
  input: { sessionId: string; userId: string; everywhere: boolean };
}): Promise<void> {
  const { ctx, input } = call;
  const { sessionId, userId, everywhere } = input;
  await ctx.db.query`
    with ended as (
      update pay.portal_sessions set ended_at = now()
      where tenant_id = ${ctx.tenant.id}::uuid and user_id = ${userId}::uuid and ended_at is null
        and (${everywhere}::boolean or id = ${sessionId}::uuid)
      returning tenant_id
    )
    insert into pay.audit_log (tenant_id, actor, action, subject, detail)
    select tenant_id, ${auditName(ctx.actor)}, 'logout', ${`user:${userId}`}, ${json({ everywhere })}
    from ended limit 1 returning tenant_id`;
}
