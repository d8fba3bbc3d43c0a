import { auditName } from "../actor/actor.ts";
import type { Context } from "../context/context.ts";
import {
  challengeLifeS,
  mostAttempts,
  mostChallenges,
  type NewChallenge,
  newChallenge,
} from "./challenge.ts";
import type { PortalSession } from "./find-session.ts";
import { isCode } from "./secrets.ts";

/** A code for a second proof, for this session alone; null: enough were sent lately. @throws TenantUnavailable */
export async function startStepUp(call: {
  ctx: Context;
  input: { session: PortalSession };
}): Promise<NewChallenge | null> {
  const { ctx, input } = call;
  const { id: sessionId, user } = input.session;
  const challenge = await newChallenge();
  const rows = await ctx.db.query`
    with made as (
      insert into pay.login_challenges (tenant_id, id, user_id, purpose, session_id, code_hash, expires_at)
      select ${ctx.tenant.id}::uuid, ${challenge.id}::uuid, ${user.id}::uuid, 'step_up', ${sessionId}::uuid,
        ${challenge.codeHash}, now() + make_interval(secs => ${challengeLifeS.step_up})
      where (select count(*) from pay.login_challenges
        where user_id = ${user.id}::uuid and created_at > now() - interval '15 minutes') < ${mostChallenges}
      returning tenant_id
    )
    insert into pay.audit_log (tenant_id, actor, action, subject)
    select tenant_id, ${auditName(ctx.actor)}, 'step_up.start', ${`session:${sessionId}`} from made
    returning tenant_id`;
  return rows.length > 0 ? challenge : null;
}

/** Whether the newest code is this one; the session is proved anew then. @throws TenantUnavailable */
export async function finishStepUp(call: {
  ctx: Context;
  input: { session: PortalSession; code: string };
}): Promise<boolean> {
  const { ctx, input } = call;
  const { id: sessionId, user } = input.session;
  const [tried] = await ctx.db.query<{ tenant_id: string; id: string; code_hash: Uint8Array }>`
    with newest as (
      select id from pay.login_challenges
      where tenant_id = ${ctx.tenant.id}::uuid and user_id = ${user.id}::uuid and session_id = ${sessionId}::uuid
        and purpose = 'step_up' and used_at is null and expires_at > now()
      order by created_at desc limit 1
    )
    update pay.login_challenges c set attempts = attempts + 1
    from newest where c.id = newest.id and c.attempts < ${mostAttempts}
    returning c.tenant_id, c.id, c.code_hash`;
  if (!tried || !(await isCode(input.code, tried.id, tried.code_hash))) return false;
  const rows = await ctx.db.query`
    with used as (
      update pay.login_challenges set used_at = now()
      where tenant_id = ${ctx.tenant.id}::uuid and id = ${tried.id}::uuid and used_at is null
      returning tenant_id
    ), proved as (
      update pay.portal_sessions s set proved_at = now()
      from used where s.tenant_id = used.tenant_id and s.id = ${sessionId}::uuid and s.ended_at is null
      returning s.tenant_id
    )
    insert into pay.audit_log (tenant_id, actor, action, subject)
    select tenant_id, ${auditName(ctx.actor)}, 'step_up.finish', ${`session:${sessionId}`} from proved
    returning tenant_id`;
  return rows.length > 0;
}
