import type { Context } from "../../context/context.ts";
import { resolveAttempt } from "../resolve-attempt.ts";
import type { StoredState } from "../states.ts";
import { audit, findPayment } from "./find-payment.ts";
import { type NotDone, notDone, reasonIn } from "./not-done.ts";

export interface AskedNow {
  kind: "asked";
  paymentId: string;
  before: StoredState;
  after: StoredState;
  /** Why it is still not known, in internal words; `null`: it is. */
  cause: string | null;
}

/**
 * Asks the provider now what became of a payment, instead of when its turn comes, and goes on from there as the worker
 * would. Of one that has ended without money too: money that is there after all makes it a conflict.
 *
 * @throws TenantUnavailable
 */
export async function resolvePayment({
  ctx,
  input,
}: {
  ctx: Context;
  input: { paymentId: string; reason: string };
}): Promise<AskedNow | NotDone> {
  const reason = reasonIn(input.reason);
  if (typeof reason !== "string") return reason;
  const payment = await findPayment(ctx, input.paymentId);
  if ("kind" in payment) return payment;
  const { id: paymentId, state: before, attempt_id: attemptId } = payment;
  if (attemptId === null) {
    return notDone(
      "does_not_apply",
      "a hook refused it, the provider was never asked: there is nothing to ask",
    );
  }
  if (before === "captured") return notDone("does_not_apply", "it is captured: there is nothing to ask");
  if (before === "conflicted") {
    return notDone("does_not_apply", "it is in conflict, the provider has answered: it waits to be decided");
  }
  await audit(ctx, { action: "payment.asked_by_hand", paymentId, detail: { attempt: attemptId, reason } });
  const asked = await resolveAttempt({ ctx, input: { attemptId } });
  if (asked.kind === "busy")
    return notDone("busy", "somebody asks the provider just now: look again in 30 s");
  const [row] = await ctx.db.query<{ tenant_id: string; last_cause: string | null }>`
    select tenant_id, last_cause from pay.attempts
    where tenant_id = ${ctx.tenant.id}::uuid and id = ${attemptId}::uuid`;
  return { kind: "asked", paymentId, before, after: asked.payment.state, cause: row?.last_cause ?? null };
}
