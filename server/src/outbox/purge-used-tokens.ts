import type { Context } from "../context/context.ts";

/** Clocks of the ERP's token signer and ours may differ by this much, minutes. */
const graceMinutes = 10;
/** Rows a statement: one for all would be ended by its time-out, and the next one too, for ever. */
const mostRows = 5_000;

/** Forgets embed tokens that have expired: they are refused for their age now. @returns how many */
export async function purgeUsedTokens({ ctx }: { ctx: Context }): Promise<number> {
  for (let gone = 0; ; ) {
    const rows = await ctx.db.query`
      delete from pay.used_tokens where ctid = any(array(
        select ctid from pay.used_tokens
        where tenant_id = ${ctx.tenant.id}::uuid and expires_at < now() - make_interval(mins => ${graceMinutes})
        order by expires_at limit ${mostRows}))
      returning tenant_id`;
    gone += rows.length;
    if (rows.length < mostRows) return gone;
  }
}
