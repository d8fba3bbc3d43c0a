import type { Context } from "../context/context.ts";

/** Rows a statement: one for all would be ended by its time-out. */
const mostRows = 2_000;

/** Forgets mails and sessions that have been of no use for a month; the audit log keeps what they were used for. */
async function forgetExpired(ctx: Context): Promise<void> {
  for (let gone = mostRows; gone === mostRows; ) {
    const rows = await ctx.db.query`
      delete from pay.login_challenges where ctid = any(array(
        select ctid from pay.login_challenges
        where tenant_id = ${ctx.tenant.id}::uuid and expires_at < now() - interval '30 days'
        order by expires_at limit ${mostRows}))
      returning tenant_id`;
    gone = rows.length;
  }
  for (let gone = mostRows; gone === mostRows; ) {
    const rows = await ctx.db.query`
      delete from pay.portal_sessions where ctid = any(array(
        select ctid from pay.portal_sessions
        where tenant_id = ${ctx.tenant.id}::uuid and expires_at < now() - interval '30 days'
        order by expires_at limit ${mostRows}))
      returning tenant_id`;
    gone = rows.length;
  }
}

export const forgetExpiredLogins = { name: "forget expired logins", everyMs: 3_600_000, run: forgetExpired };
