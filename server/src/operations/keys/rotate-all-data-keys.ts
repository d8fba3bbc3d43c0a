import type { Operator } from "../operator.ts";
import { type RotatedDataKey, rotateDataKeys } from "./rotate-data-key.ts";

/**
 * `rotateDataKeys` for every active and suspended tenant, in an elevated context: each one's own audit log says who
 * came and why before its key is touched. One that cannot be entered keeps its key, and is answered.
 *
 * @param input.reason for the audit logs
 */
export async function rotateAllDataKeys({
  ctx,
  input: { reason, settleMs },
}: {
  ctx: Operator;
  input: { reason: string; settleMs?: number };
}): Promise<RotatedDataKey[]> {
  const elevated = await ctx.tenants.elevated({ actor: ctx.actor, reason });
  const tried = await elevated.each(async ({ tenant }) => tenant.slug, { evenSuspended: true });
  const slugs = tried.flatMap(({ result }) => (result instanceof Error ? [] : [result]));
  const kept = tried.flatMap(({ tenant, result }) =>
    result instanceof Error
      ? [{ slug: tenant.slug, from: null, to: null, resealed: 0, error: result.message }]
      : [],
  );
  const rotated = await rotateDataKeys({
    ctx,
    input: { slugs, ...(settleMs !== undefined && { settleMs }) },
  });
  return [...rotated, ...kept];
}
