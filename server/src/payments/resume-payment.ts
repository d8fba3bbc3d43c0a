import { refused } from "../../contract/index.ts";
import type { Context } from "../context/context.ts";
import { viewOf } from "./payment-view.ts";
import { findWithAttempt, type PaymentWanted, type ReadResult, tryToResolve } from "./read-payment.ts";
import { openPaymentStates } from "./states.ts";

/**
 * The payer is back from the bank's page: the provider is asked now, and an authorisation captured.
 * When another is at it already, or asking goes wrong, the answer is `processing`: the challenge must not be shown twice.
 */
export async function resumePayment({
  ctx,
  input,
}: {
  ctx: Context;
  input: PaymentWanted;
}): Promise<ReadResult> {
  const row = await findWithAttempt(ctx, input);
  if (!row) return refused("not_found");
  const id = row.called;
  const view = { ...(await viewOf(ctx, row)), id };
  if (row.attempt_id === null || !openPaymentStates.includes(row.state))
    return { kind: "payment", payment: view };
  const resolved = await tryToResolve({ ctx, input: { attemptId: row.attempt_id } });
  if (resolved?.kind === "resolved") {
    return { kind: "payment", payment: { ...(await viewOf(ctx, resolved.payment)), id } };
  }
  return { kind: "payment", payment: { ...view, state: "processing", action: null } };
}
