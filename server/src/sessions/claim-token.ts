import { createHash } from "node:crypto";
import type { Context } from "../context/context.ts";
import type { EmbedGrant } from "./verify-embed-token.ts";

export interface TokenClaim {
  grant: EmbedGrant;
  embedToken: string;
  /** RFC 7638 thumbprint of the browser's key; undefined: the edge does not name it yet. */
  jkt: string | undefined;
}

const digest = (...parts: string[]) => createHash("sha256").update(parts.join("\n")).digest();
const idOf = ({ keyId, tokenId }: EmbedGrant) => digest(keyId, tokenId);
const claimantOf = ({ embedToken, jkt }: TokenClaim) => (jkt === undefined ? null : digest(jkt, embedToken));

/**
 * Uses an embed token up, for one browser key only, however many come at once: the very same token with the key it
 * was used with before is a retry whose first answer may have been lost. The worker purges claims whose token has
 * expired.
 * @returns false: a replay
 * @throws TenantUnavailable
 */
export async function claimToken({ ctx, input }: { ctx: Context; input: TokenClaim }): Promise<boolean> {
  const { grant } = input;
  const rows = await ctx.db.query<{ tenant_id: string }>`
    insert into pay.used_tokens as used (tenant_id, digest, expires_at, claimed_by)
    values (${ctx.tenant.id}::uuid, ${idOf(grant)}, ${grant.expiresAt}, ${claimantOf(input)}::bytea)
    on conflict (digest, tenant_id) do update
      set claimed_by = excluded.claimed_by, holders = used.holders + 1
      where used.holders = 0 or used.claimed_by = excluded.claimed_by
    returning tenant_id`;
  return rows.length === 1;
}

/** When no session came of it: with its last holder a token is free again, so that the payer's next try is not a replay. @throws TenantUnavailable */
export async function releaseToken({ ctx, input }: { ctx: Context; input: TokenClaim }): Promise<void> {
  await ctx.db.query`
    update pay.used_tokens set holders = holders - 1
    where tenant_id = ${ctx.tenant.id}::uuid and digest = ${idOf(input.grant)} and holders > 0
    returning tenant_id`;
}
