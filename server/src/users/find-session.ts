import type { UserRole } from "../actor/actor.ts";
import type { Context } from "../context/context.ts";
import { provedForS, sessionLimits } from "./session-limits.ts";

/** Who is signed in. */
export interface PortalSession {
  id: string;
  user: { id: string; email: string; name: string; role: UserRole };
  /** The last proof of who it is is good until then; null: it is not any more. */
  steppedUpUntil: Date | null;
}

/** What is written of when it was seen is as old as this at most, s: not every request writes. */
const seenWithinS = 60;

/**
 * Asked with every request, of the tenant's own database: a session that was ended, a role that was taken, a person who
 * was removed count at once.
 *
 * @param input.digest SHA-256 of the cookie
 * @returns null: there is none, or not any more
 * @throws TenantUnavailable
 */
export async function findSession(call: {
  ctx: Context;
  input: { digest: Uint8Array };
}): Promise<PortalSession | null> {
  const { ctx, input } = call;
  const { idleS } = await sessionLimits(ctx);
  const [row] = await ctx.db.query<{
    tenant_id: string;
    id: string;
    user_id: string;
    email: string;
    name: string;
    role: UserRole;
    proved_until: Date;
    stale: boolean;
  }>`
    select s.tenant_id, s.id, u.id as user_id, u.email, u.name, u.role,
      s.proved_at + make_interval(secs => ${provedForS}) as proved_until,
      s.seen_at < now() - make_interval(secs => ${seenWithinS}) as stale
    from pay.portal_sessions s join pay.users u on u.tenant_id = s.tenant_id and u.id = s.user_id
    where s.tenant_id = ${ctx.tenant.id}::uuid and s.digest = ${input.digest} and s.ended_at is null
      and s.expires_at > now() and s.seen_at > now() - make_interval(secs => ${idleS}) and u.removed_at is null`;
  if (!row) return null;
  if (row.stale) {
    await ctx.db.query`
      update pay.portal_sessions set seen_at = now()
      where tenant_id = ${ctx.tenant.id}::uuid and id = ${row.id}::uuid returning tenant_id`;
  }
  const { id, user_id, email, name, role, proved_until } = row;
  return {
    id,
    user: { id: user_id, email, name, role },
    steppedUpUntil: proved_until > ctx.now() ? proved_until : null,
  };
}
