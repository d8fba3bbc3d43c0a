import { type Refused, type Role, refused } from "../../contract/index.ts";
import { auditName } from "../actor/actor.ts";
import type { Context } from "../context/context.ts";
import { json } from "../tenant/tenant-db.ts";
import { challengeLifeS, newChallenge } from "./challenge.ts";
import { mayTouchOwners } from "./change-member.ts";
import type { Invited } from "./start-login.ts";

/**
 * Adds somebody to the team, or back to it, with a link that opens the door for a week. Inviting who has not come yet
 * is sending the mail again.
 *
 * @returns refused `already_there`: has signed in before; `scope_missing`: an owner's affair
 * @throws TenantUnavailable
 */
export async function invite(call: {
  ctx: Context;
  input: { email: string; name: string; role: Role };
}): Promise<{ kind: "invited"; invited: Invited } | Refused> {
  const { ctx, input } = call;
  const { email, name, role } = input;
  if (role === "owner" && !mayTouchOwners(ctx)) return refused("scope_missing");
  const challenge = await newChallenge();
  const [row] = await ctx.db.query<{ tenant_id: string; id: string }>`
    with person as (
      insert into pay.users as u (tenant_id, email, name, role)
      values (${ctx.tenant.id}::uuid, ${email}, ${name}, ${role})
      on conflict (lower(email), tenant_id) do update
        set role = excluded.role, name = excluded.name, invited_at = now(), removed_at = null, joined_at = null
        where u.removed_at is not null
          or (u.joined_at is null and (u.role <> 'owner' or ${mayTouchOwners(ctx)}::boolean))
      returning tenant_id, id
    ), made as (
      insert into pay.login_challenges (tenant_id, id, user_id, purpose, link_digest, code_hash, expires_at)
      select tenant_id, ${challenge.id}::uuid, id, 'invitation', ${challenge.linkDigest}, ${challenge.codeHash},
        now() + make_interval(secs => ${challengeLifeS.invitation})
      from person returning tenant_id, user_id
    ), audit as (
      insert into pay.audit_log (tenant_id, actor, action, subject, detail)
      select tenant_id, ${auditName(ctx.actor)}, 'team.invite', 'user:' || user_id, ${json({ role })} from made
      returning 1
    )
    select p.tenant_id, p.id from person p, (select count(*) from audit) a`;
  if (!row) return refused("already_there");
  return { kind: "invited", invited: { challenge, user: { id: row.id, email, name } } };
}
