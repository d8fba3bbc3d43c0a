import type { Role } from "../../contract/index.ts";
import type { Context } from "../context/context.ts";

/** Somebody of the tenant's. */
export interface Member {
  id: string;
  email: string;
  name: string;
  role: Role;
  invitedAt: Date;
  /** null: invited, and has not signed in yet. */
  joinedAt: Date | null;
  lastSeenAt: Date | null;
}

/** Who is on the team, the first first; at most 500. @throws TenantUnavailable */
export async function listTeam({ ctx }: { ctx: Context }): Promise<Member[]> {
  const rows = await ctx.db.query<{ tenant_id: string } & Member>`
    select u.tenant_id, u.id, u.email, u.name, u.role, u.invited_at as "invitedAt", u.joined_at as "joinedAt",
      (select max(seen_at) from pay.portal_sessions s where s.tenant_id = u.tenant_id and s.user_id = u.id) as "lastSeenAt"
    from pay.users u where u.tenant_id = ${ctx.tenant.id}::uuid and u.removed_at is null
    order by u.created_at, u.id limit 500`;
  return rows.map(({ tenant_id: _, ...member }) => member);
}
