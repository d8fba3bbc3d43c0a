import { auditName } from "../../actor/actor.ts";
import type { Context } from "../../context/context.ts";
import { json } from "../../tenant/tenant-db.ts";
import { settleInERP } from "../deliveries/settle-in-erp.ts";
import { findDelivery, notGivenUp } from "./find-delivery.ts";
import { type NotDone, notDone, reasonIn } from "./not-done.ts";

export interface FinishInput {
  id: string;
  reason: string;
  /** Where the ERP has the payment that a person booked there; of a receipt there is none. Default null. */
  erpRef?: string | null;
}

export type Finished =
  | { kind: "finished"; paymentId: string }
  /** It was finished by hand before. */
  | { kind: "already"; paymentId: string };

/**
 * Ends a delivery that was given up, because a person has made it: booked the payment in the ERP, or told the payer.
 * Nothing is sent any more. Of a booking the invoices' balances move as if the ERP had said yes.
 *
 * @throws TenantUnavailable
 */
export async function finishDelivery({
  ctx,
  input,
}: {
  ctx: Context;
  input: FinishInput;
}): Promise<Finished | NotDone> {
  const reason = reasonIn(input.reason);
  if (typeof reason !== "string") return reason;
  const delivery = await findDelivery(ctx, input.id);
  if ("words" in delivery) return delivery;
  const { id, kind, payment_id: paymentId, state, by_hand: byHand } = delivery;
  if (state === "done" && byHand) return { kind: "already", paymentId };
  if (state !== "dead") return notGivenUp(delivery);
  const erpRef = input.erpRef?.trim() || null;
  if (kind === "erp_post" && erpRef === null) {
    return notDone("reference_missing", "say under which reference the ERP has it");
  }
  if (kind === "receipt_email" && erpRef !== null) {
    return notDone("does_not_apply", "a receipt has no reference in the ERP: say none");
  }
  const done =
    erpRef === null ? await sent(ctx, { id, reason }) : await booked(ctx, { paymentId, erpRef, reason });
  return done ? { kind: "finished", paymentId } : notDone("busy", "it moved meanwhile: look again");
}

async function booked(
  ctx: Context,
  { paymentId, erpRef, reason }: { paymentId: string; erpRef: string; reason: string },
): Promise<boolean> {
  const result = { erpRef, already: true, byHand: true as const, reason };
  const { kind } = await settleInERP({ ctx, input: { paymentId, result, givenUp: true } });
  return kind === "settled";
}

async function sent(ctx: Context, { id, reason }: { id: string; reason: string }): Promise<boolean> {
  const result = { status: "by_hand", byHand: true, reason };
  const rows = await ctx.db.query`
    with finished as (
      update pay.outbox set state = 'done', done_at = now(), last_cause = null, result = ${json(result)}::jsonb
      where tenant_id = ${ctx.tenant.id}::uuid and id = ${id}::uuid and kind = 'receipt_email' and state = 'dead'
      returning tenant_id, payment_id
    )
    insert into pay.audit_log (tenant_id, actor, action, subject, detail)
    select tenant_id, ${auditName(ctx.actor)}, 'receipt.by_hand', payment_id::text, ${json(result)}::jsonb
    from finished
    returning tenant_id`;
  return rows.length > 0;
}
