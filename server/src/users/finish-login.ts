import { randomUUID } from "node:crypto";
import type { LoginFinish } from "../../contract/index.ts";
import { type Actor, auditName } from "../actor/actor.ts";
import type { Context } from "../context/context.ts";
import { json } from "../tenant/tenant-db.ts";
import { mostAttempts, mostAttemptsAnHour } from "./challenge.ts";
import { digestOf, hashCode, isCode } from "./secrets.ts";
import { sessionLimits } from "./session-limits.ts";

interface Found {
  tenant_id: string;
  id: string;
  user_id: string;
  code_hash: Uint8Array;
}

interface Opening {
  /** SHA-256 of the cookie: the edge made it, and keeps it. */
  session: Uint8Array;
  /** For the person's list of devices. */
  device: string;
}

/**
 * Trades what was mailed for a session: once, in its time, and of somebody who is on the team. Why it failed is told to
 * nobody.
 *
 * @returns null: no session
 * @throws TenantUnavailable
 */
export async function finishLogin(call: {
  ctx: Context;
  input: { proof: LoginFinish } & Opening;
}): Promise<{ expiresInS: number } | null> {
  const { ctx, input } = call;
  const { proof } = input;
  const found = "link" in proof ? await findByLink(ctx, proof.link) : await findByCode(ctx, proof);
  return found && openSession(ctx, { found, opening: input, by: "link" in proof ? "link" : "code" });
}

async function findByLink(ctx: Context, link: string): Promise<Found | null> {
  const [row] = await ctx.db.query<Found>`
    select tenant_id, id, user_id, code_hash from pay.login_challenges
    where tenant_id = ${ctx.tenant.id}::uuid and link_digest = ${digestOf(link)} and used_at is null
      and expires_at > now() and purpose in ('login', 'invitation')`;
  return row ?? null;
}

/** The newest one's. A try is counted before it is looked at, so that many at once are no more than so many. */
async function findByCode(
  ctx: Context,
  { email, code }: { email: string; code: string },
): Promise<Found | null> {
  const [row] = await ctx.db.query<Found>`
    with newest as (
      select c.id from pay.login_challenges c join pay.users u on u.tenant_id = c.tenant_id and u.id = c.user_id
      where u.tenant_id = ${ctx.tenant.id}::uuid and lower(u.email) = lower(${email}) and u.removed_at is null
        and c.used_at is null and c.expires_at > now() and c.purpose in ('login', 'invitation')
        and (select coalesce(sum(attempts), 0) from pay.login_challenges o
          where o.user_id = u.id and o.created_at > now() - interval '1 hour') < ${mostAttemptsAnHour}
      order by c.created_at desc limit 1
    )
    update pay.login_challenges c set attempts = attempts + 1
    from newest where c.id = newest.id and c.attempts < ${mostAttempts}
    returning c.tenant_id, c.id, c.user_id, c.code_hash`;
  if (!row) {
    // As long as somebody's takes.
    await hashCode(code, randomUUID());
    return null;
  }
  if (await isCode(code, row.id, row.code_hash)) return row;
  await auditWrongCode(ctx, row);
  return null;
}

async function auditWrongCode(ctx: Context, { user_id }: Found): Promise<void> {
  await ctx.db.query`
    insert into pay.audit_log (tenant_id, actor, action, subject)
    values (${ctx.tenant.id}::uuid, ${auditName(ctx.actor)}, 'login.wrong_code', ${`user:${user_id}`})
    returning tenant_id`;
}

/** One statement: two that come with the same link open one session. */
async function openSession(
  ctx: Context,
  { found, opening, by }: { found: Found; opening: Opening; by: "link" | "code" },
): Promise<{ expiresInS: number } | null> {
  const { absoluteS } = await sessionLimits(ctx);
  const actor: Actor = { kind: "user", id: found.user_id, name: "", role: "viewer" };
  const rows = await ctx.db.query`
    with used as (
      update pay.login_challenges set used_at = now()
      where tenant_id = ${ctx.tenant.id}::uuid and id = ${found.id}::uuid and used_at is null
      returning tenant_id, user_id
    ), person as (
      update pay.users u set joined_at = coalesce(joined_at, now())
      from used where u.id = used.user_id and u.removed_at is null
      returning u.tenant_id, u.id
    ), session as (
      insert into pay.portal_sessions (tenant_id, id, user_id, digest, device, expires_at)
      select tenant_id, ${randomUUID()}::uuid, id, ${opening.session}, ${opening.device},
        now() + make_interval(secs => ${absoluteS})
      from person returning tenant_id, id, device
    )
    insert into pay.audit_log (tenant_id, actor, action, subject, detail)
    select tenant_id, ${auditName(actor)}, 'login.finish', 'session:' || id,
      ${json({ by })} || jsonb_build_object('device', device)
    from session returning tenant_id`;
  return rows.length > 0 ? { expiresInS: absoluteS } : null;
}
