import { createHash } from "node:crypto";
import type { Context } from "../context/context.ts";
import type { EmbedGrant } from "./verify-embed-token.ts";

const digestOf = ({ keyId, tokenId }: EmbedGrant) =>
  createHash("sha256").update(`${keyId}\n${tokenId}`).digest();

/**
 * Uses an embed token up: true for one caller only, however many come at once. The worker purges
 * claims whose token has expired.
 * @throws TenantUnavailable
 */
export async function claimToken({ ctx, input }: { ctx: Context; input: EmbedGrant }): Promise<boolean> {
  const rows = await ctx.db.query<{ tenant_id: string }>`
    insert into pay.used_tokens (tenant_id, digest, expires_at)
    values (${ctx.tenant.id}::uuid, ${digestOf(input)}, ${input.expiresAt})
    on conflict do nothing
    returning tenant_id`;
  return rows.length === 1;
}

/** Gives a claim back when no session came of it, so that the payer's next try is not a replay. @throws TenantUnavailable */
export async function releaseToken({ ctx, input }: { ctx: Context; input: EmbedGrant }): Promise<void> {
  await ctx.db.query`
    delete from pay.used_tokens
    where tenant_id = ${ctx.tenant.id}::uuid and digest = ${digestOf(input)}
    returning tenant_id`;
}
