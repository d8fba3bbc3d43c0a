import type { Context } from "../context/context.ts";

/** Clocks of the ERP's token signer and ours may differ by this much, minutes. */
const graceMinutes = 10;

/** Forgets embed tokens that have expired: they are refused for their age now. @returns how many */
export async function purgeUsedTokens({ ctx }: { ctx: Context }): Promise<number> {
  const gone = await ctx.db.query`
    delete from pay.used_tokens
    where tenant_id = ${ctx.tenant.id}::uuid and expires_at < now() - make_interval(mins => ${graceMinutes})
    returning tenant_id`;
  return gone.length;
}
