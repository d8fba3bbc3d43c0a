import { type Refused, type Role, refused } from "../../contract/index.ts";
import { auditName } from "../actor/actor.ts";
import type { Context } from "../context/context.ts";
import { json } from "../tenant/tenant-db.ts";

/** `role`: becomes that; null: leaves the team, and every session of theirs ends. */
interface Change {
  id: string;
  role: Role | null;
}

/** Owners are made and changed by owners alone; an operator is above them. */
export const mayTouchOwners = ({ actor }: Context): boolean =>
  actor.kind !== "user" || actor.role === "owner";

/**
 * Changes what somebody is, or removes them. The last owner stays one, also where two owners remove each other at the
 * same moment: whoever changes one holds all owners' rows.
 *
 * @returns refused `last_owner`; `scope_missing`: an owner's affair; `not_found`: nobody on the team
 * @throws TenantUnavailable
 */
export async function changeMember(call: {
  ctx: Context;
  input: Change;
}): Promise<{ kind: "changed" } | Refused> {
  const { ctx, input } = call;
  const owners = mayTouchOwners(ctx);
  if (input.role === "owner" && !owners) return refused("scope_missing");
  const [row] = await ctx.db.query<{ tenant_id: string; role: Role; done: boolean }>`
    with owners as (
      select id from pay.users
      where tenant_id = ${ctx.tenant.id}::uuid and role = 'owner' and removed_at is null
      order by id for update
    ), changed as (
      update pay.users u set role = coalesce(${input.role}, u.role),
        removed_at = case when ${input.role}::text is null then now() else u.removed_at end
      where u.tenant_id = ${ctx.tenant.id}::uuid and u.id = ${input.id}::uuid and u.removed_at is null
        and (${owners}::boolean or u.role <> 'owner')
        and (${input.role}::text = 'owner' or exists (select from owners where owners.id <> u.id)
          or (u.role <> 'owner' and exists (select from owners)))
      returning u.tenant_id, u.id
    ), ended as (
      update pay.portal_sessions s set ended_at = now()
      from changed where s.tenant_id = changed.tenant_id and s.user_id = changed.id and s.ended_at is null
        and ${input.role}::text is null
      returning 1
    ), audit as (
      insert into pay.audit_log (tenant_id, actor, action, subject, detail)
      select tenant_id, ${auditName(ctx.actor)}, ${input.role === null ? "team.remove" : "team.role"},
        'user:' || id, ${json(input.role === null ? {} : { role: input.role })}
      from changed, (select count(*) from ended) e
      returning 1
    )
    select u.tenant_id, u.role, exists (select from audit) as done
    from pay.users u
    where u.tenant_id = ${ctx.tenant.id}::uuid and u.id = ${input.id}::uuid and u.removed_at is null`;
  if (!row) return refused("not_found");
  if (row.done) return { kind: "changed" };
  return refused(row.role === "owner" && !owners ? "scope_missing" : "last_owner");
}
