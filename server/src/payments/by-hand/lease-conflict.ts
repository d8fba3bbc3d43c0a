import type { Context } from "../../context/context.ts";
import { leaseS } from "../attempt.ts";
import type { Decision, PaymentInHand } from "./find-payment.ts";

/** Of a conflicted attempt: who holds it decides, for 30 s. */
export interface Lease {
  attemptId: string;
  /** Its end as the database wrote it, to the microsecond: what is written under another's is not written. */
  until: string;
}

/** @returns `null`: another decides it */
export async function leaseConflict({
  ctx,
  input: { payment },
}: {
  ctx: Context;
  input: { payment: PaymentInHand };
}): Promise<Lease | null> {
  const [row] = await ctx.db.query<{ tenant_id: string; until: string }>`
    update pay.attempts set leased_until = now() + make_interval(secs => ${leaseS})
    where tenant_id = ${ctx.tenant.id}::uuid and id = ${payment.attempt_id}::uuid and state = 'conflicted'
      and leased_until <= now() and decision is not distinct from ${payment.decision}::text
      and giving_back_minor is not distinct from ${payment.giving_back_minor}::bigint
    returning tenant_id, leased_until::text as until`;
  return row ? { attemptId: payment.attempt_id ?? "", until: row.until } : null;
}

/**
 * Says what has been begun, before it is, and when it is known how it ended.
 * @returns false when the lease is another's by now
 */
export async function markBegun({
  ctx,
  input: { lease, decision, givingBackMinor },
}: {
  ctx: Context;
  input: { lease: Lease; decision: Decision | null; givingBackMinor: bigint | null };
}): Promise<boolean> {
  const rows = await ctx.db.query`
    update pay.attempts set decision = ${decision}::text, giving_back_minor = ${givingBackMinor}::bigint
    where tenant_id = ${ctx.tenant.id}::uuid and id = ${lease.attemptId}::uuid
      and leased_until = ${lease.until}::text::timestamptz
    returning tenant_id`;
  return rows.length > 0;
}

export async function letGo({
  ctx,
  input: { lease },
}: {
  ctx: Context;
  input: { lease: Lease };
}): Promise<void> {
  await ctx.db.query`
    update pay.attempts set leased_until = now()
    where tenant_id = ${ctx.tenant.id}::uuid and id = ${lease.attemptId}::uuid
      and leased_until = ${lease.until}::text::timestamptz
    returning tenant_id`;
}
