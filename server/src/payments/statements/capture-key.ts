import { auditName } from "../../actor/actor.ts";
import type { Context } from "../../context/context.ts";
import type { Attempt } from "../attempt.ts";

/** The vendor has answered a capture with an error of its own, which it may keep under the key. */
export async function noteCaptureError({
  ctx,
  input: { attempt },
}: {
  ctx: Context;
  input: { attempt: Attempt };
}): Promise<void> {
  await ctx.db.query`
    update pay.attempts set capture_errors = capture_errors + 1,
      capture_failed_at = coalesce(capture_failed_at, now())
    where tenant_id = ${ctx.tenant.id}::uuid and id = ${attempt.id}::uuid
      and capture_number = ${attempt.captureNumber}
    returning tenant_id`;
}

/**
 * Takes the next key for a leased attempt's capture, before anything is sent under it: whoever goes on after a crash
 * uses the same one.
 *
 * @returns `null` when the lease is another's by now: nothing may be sent
 */
export async function nextCaptureKey({
  ctx,
  input: { attempt },
}: {
  ctx: Context;
  input: { attempt: Attempt };
}): Promise<Attempt | null> {
  const rows = await ctx.db.query<{ tenant_id: string; capture_number: number }>`
    with changed as (
      update pay.attempts set capture_number = capture_number + 1, capture_errors = 0, capture_failed_at = null
      where tenant_id = ${ctx.tenant.id}::uuid and id = ${attempt.id}::uuid and state = 'authorized'
        and capture_number = ${attempt.captureNumber} and leased_until > now()
      returning tenant_id, payment_id, capture_number
    ), audit as (
      insert into pay.audit_log (tenant_id, actor, action, subject, detail)
      select tenant_id, ${auditName(ctx.actor)}, 'payment.capture_key_changed', payment_id::text,
        jsonb_build_object('attempt', ${attempt.id}::text, 'number', capture_number)
      from changed
    )
    select tenant_id, capture_number from changed`;
  const [row] = rows;
  return row ? { ...attempt, captureNumber: row.capture_number, captureErrors: null } : null;
}
