import { auditName } from "../actor/actor.ts";
import type { Context } from "../context/context.ts";
import { json } from "../tenant/tenant-db.ts";
import { challengeLifeS, mostChallenges, type NewChallenge, newChallenge } from "./challenge.ts";

/** Somebody to be mailed. */
export interface Invited {
  challenge: NewChallenge;
  user: { id: string; email: string; name: string };
}

/**
 * Makes a link and a code for the person with this address; null: there is nobody, or they have been sent enough. Both
 * take the same statement and the same time, so that nobody learns from an answer who is on the team.
 *
 * @throws TenantUnavailable
 */
export async function startLogin(call: { ctx: Context; input: { email: string } }): Promise<Invited | null> {
  const { ctx, input } = call;
  const challenge = await newChallenge();
  const detail = { purpose: "login" };
  const [row] = await ctx.db.query<{ tenant_id: string; id: string; email: string; name: string }>`
    with person as (
      select tenant_id, id, email, name from pay.users
      where tenant_id = ${ctx.tenant.id}::uuid and lower(email) = lower(${input.email}) and removed_at is null
        and (select count(*) from pay.login_challenges c
          where c.user_id = users.id and c.created_at > now() - interval '15 minutes') < ${mostChallenges}
    ), made as (
      insert into pay.login_challenges (tenant_id, id, user_id, purpose, link_digest, code_hash, expires_at)
      select tenant_id, ${challenge.id}::uuid, id, 'login', ${challenge.linkDigest}, ${challenge.codeHash},
        now() + make_interval(secs => ${challengeLifeS.login})
      from person returning tenant_id, user_id
    ), audit as (
      insert into pay.audit_log (tenant_id, actor, action, subject, detail)
      select tenant_id, ${auditName(ctx.actor)}, 'login.start', 'user:' || user_id, ${json(detail)} from made
      returning 1
    )
    select p.tenant_id, p.id, p.email, p.name from person p, (select count(*) from audit) a`;
  return row ? { challenge, user: { id: row.id, email: row.email, name: row.name } } : null;
}
