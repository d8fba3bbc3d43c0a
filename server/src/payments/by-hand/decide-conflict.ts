import type { Context } from "../../context/context.ts";
import { syncInvoices } from "../../invoices/sync-invoices.ts";
import type { Money } from "../../money/money.ts";
import type { Outcome, Provider } from "../../providers/provider.ts";
import { answerWithinMs, askProvider, type Deadline, deadlineIn } from "../ask-provider.ts";
import { providerOf } from "../attempt-provider.ts";
import { derivedId } from "../derived-id.ts";
import { decidedUnpaid } from "../states.ts";
import { type Booking, book, uncovered } from "./book.ts";
import { audit, type Decision, findPayment, type PaymentInHand } from "./find-payment.ts";
import { free } from "./free.ts";
import { type Lease, leaseConflict, letGo, markBegun } from "./lease-conflict.ts";
import { type NotDone, notDone, reasonIn } from "./not-done.ts";
import { shareOut } from "./share-out.ts";

export interface DecideInput {
  paymentId: string;
  decision: Decision;
  reason: string;
  /** With `paid`: the ERP has it already, under this reference; it is not posted again. Default null. */
  erpRef?: string | null;
  /** With `unpaid`: the payer has the money back by other means than the provider, which is not asked. Default false. */
  givenBack?: boolean;
}

export type Decided =
  | { kind: "decided"; paymentId: string; decision: Decision; bookedMinor: bigint; givenBackMinor: bigint }
  /** It was decided so before. */
  | { kind: "already"; paymentId: string; decision: Decision };

/**
 * Ends a conflict, by what the provider holds of the payment now:
 *
 * - `paid`: what it holds becomes the captured payment: ledger, receipt, ERP. More than was agreed: the rest is given
 *   back first. Less: the payment becomes that much smaller (`shareOut`). Nothing is booked that its invoices have no
 *   balance for, in another currency, or that is only reserved.
 * - `unpaid`: what it holds is given back, whole; then the payment is `failed`, its holds are free, nothing is booked.
 *
 * What is begun as `unpaid` is finished as that: a gift back nobody heard the end of must not be booked. Killed at any
 * point it is done again with the same input: what was given back has its own key, and what was decided is decided.
 *
 * @throws TenantUnavailable
 */
export async function decideConflict({
  ctx,
  input,
}: {
  ctx: Context;
  input: DecideInput;
}): Promise<Decided | NotDone> {
  const reason = reasonIn(input.reason);
  if (typeof reason !== "string") return reason;
  const payment = await findPayment(ctx, input.paymentId);
  if ("kind" in payment) return payment;
  const settled = alreadyDecided(payment, input.decision);
  if (settled) return settled;
  const contradiction = await contradictionIn(ctx, input);
  if (contradiction) return contradiction;

  const lease = await leaseConflict({ ctx, input: { payment } });
  if (!lease) return notDone("busy", "somebody decides it just now: look again in 30 s");
  const deadline = deadlineIn(answerWithinMs);
  const hand: Hand = { payment, lease, deadline, reason, erpRef: input.erpRef ?? null };
  try {
    if (input.decision === "paid") return await acceptAsPaid(ctx, hand);
    return await giveUp(ctx, { ...hand, givenBack: input.givenBack ?? false });
  } finally {
    await letGo({ ctx, input: { lease } });
  }
}

interface Hand {
  payment: PaymentInHand;
  lease: Lease;
  deadline: Deadline;
  reason: string;
  erpRef: string | null;
}

function alreadyDecided({ id, state, decision, reason }: PaymentInHand, wanted: Decision) {
  if (state === "conflicted") {
    if (decision !== "unpaid" || wanted === "unpaid") return null;
    return notDone(
      "does_not_apply",
      "giving it back has begun, and perhaps happened: it can only be decided as unpaid any more",
    );
  }
  const made =
    state === "captured" && decision === "paid" ? "paid" : reason === decidedUnpaid ? "unpaid" : null;
  if (made === wanted) return { kind: "already" as const, paymentId: id, decision: wanted };
  return notDone(
    "does_not_apply",
    made ? `it was decided as ${made}` : `it is ${state}: only a payment in conflict is decided`,
  );
}

async function contradictionIn(ctx: Context, { decision, erpRef, givenBack }: DecideInput) {
  if (decision === "unpaid" && erpRef) {
    return notDone(
      "does_not_apply",
      "what is unpaid is not in the ERP: void it there, then say no reference",
    );
  }
  if (decision === "paid" && givenBack) return notDone("does_not_apply", "what was given back is not paid");
  if (erpRef && !(await ctx.settings.get("connector")))
    return notDone("does_not_apply", "the tenant has no ERP");
  return null;
}

/** What the provider holds of it now, or said last where its account is gone. */
type Held = { kind: "held"; outcome: Outcome; provider: Provider | null } | NotDone;

async function lookAt(ctx: Context, { payment, deadline }: Hand): Promise<Held> {
  const { attempt_id, provider: id, provider_account: providerAccount, provider_ref: providerRef } = payment;
  const attempt = { provider: id ?? "", providerAccount };
  const whose = await providerOf({ ctx, input: { attempt, deadline } });
  if (whose.kind === "gone") return { kind: "held", outcome: lastHeard(payment), provider: null };
  if (whose.kind === "unknown") return cannotAsk(whose.cause);
  const { provider } = whose;
  const reference = attempt_id ?? "";
  const found = await askProvider(deadline, (signal) => provider.find({ reference, providerRef, signal }));
  if (found.kind === "unknown") return cannotAsk(found.cause);
  if (found.kind === "absent") return cannotAsk("the provider does not list it");
  return { kind: "held", outcome: found, provider };
}

const cannotAsk = (cause: string) =>
  notDone("cannot_ask", `the provider does not say what it holds of it (${cause}): again when it does`);

function lastHeard({ conflict, provider_ref, captured_at, updated_at }: PaymentInHand): Outcome {
  const providerRef = provider_ref ?? "";
  const money = { amountMinor: BigInt(conflict?.amountMinor ?? 0), currency: conflict?.currency ?? "" };
  if (conflict?.outcome !== "captured") return { kind: "authorized", providerRef, money };
  return { kind: "captured", providerRef, money, capturedAt: captured_at ?? updated_at };
}

async function acceptAsPaid(ctx: Context, hand: Hand): Promise<Decided | NotDone> {
  const { payment } = hand;
  const agreed = { amountMinor: payment.total_minor, currency: payment.currency };
  let held = await lookAt(ctx, hand);
  if (held.kind === "not_done") return held;
  const objection = objectionToBooking(held.outcome, agreed.currency);
  if (objection) return objection;
  const stale = await refreshInvoices(ctx, hand);
  if (stale) return stale;

  let givenBackMinor = 0n;
  // An order nobody heard the end of comes first: carried out after the booking, it would take from what is booked.
  const excess = payment.giving_back_minor ?? amountIn(held.outcome) - agreed.amountMinor;
  if (excess > 0n) {
    const short = await uncovered({ ctx, input: bookingOf(hand, held.outcome, agreed.amountMinor) });
    if (short) return short;
    const money = { amountMinor: excess, currency: agreed.currency };
    const given = await giveBack(ctx, { hand, provider: held.provider, money, whole: false });
    if (given) return given;
    givenBackMinor = excess;
    held = await lookAt(ctx, hand);
    if (held.kind === "not_done") return held;
    if (amountIn(held.outcome) > agreed.amountMinor) return notYetGivenBack(held.outcome);
  }
  const booked = amountIn(held.outcome);
  if (booked <= 0n) return objectionToBooking(held.outcome, agreed.currency) ?? cannotAsk("it holds nothing");
  const failed = await book({ ctx, input: bookingOf(hand, held.outcome, booked) });
  if (failed) return failed;
  return { kind: "decided", paymentId: payment.id, decision: "paid", bookedMinor: booked, givenBackMinor };
}

const amountIn = (outcome: Outcome) => (outcome.kind === "captured" ? outcome.money.amountMinor : 0n);

function bookingOf({ payment, lease, reason, erpRef }: Hand, outcome: Outcome, takenMinor: bigint): Booking {
  const capturedAt = outcome.kind === "captured" ? outcome.capturedAt : payment.updated_at;
  return { payment, lease, reason, erpRef, takenMinor, capturedAt, share: shareOut(payment, takenMinor) };
}

function objectionToBooking(outcome: Outcome, currency: string): NotDone | null {
  if (outcome.kind === "authorized") {
    return notDone(
      "does_not_apply",
      "the provider has it reserved, not taken: there is nothing to book; decide it as unpaid",
    );
  }
  if (outcome.kind !== "captured") {
    return notDone(
      "does_not_apply",
      `the provider says ${outcome.kind}: there is nothing to book; decide it as unpaid`,
    );
  }
  if (outcome.money.currency !== currency) {
    return notDone(
      "not_covered",
      `the provider took ${outcome.money.currency}, the invoices are in ${currency}: decide it as unpaid`,
    );
  }
  if (outcome.money.amountMinor > 0n) return null;
  return notDone("does_not_apply", "it was given back whole: there is nothing to book; decide it as unpaid");
}

/** The balances are judged as the ERP has them now. */
async function refreshInvoices(ctx: Context, { payment }: Hand): Promise<NotDone | null> {
  const synced = await syncInvoices({ ctx, input: { customerId: payment.customer_id } });
  if (synced.kind !== "refused") return null;
  return notDone("cannot_ask", "the ERP does not say what is open now: again when it does");
}

async function giveUp(ctx: Context, hand: Hand & { givenBack: boolean }): Promise<Decided | NotDone> {
  const { payment, lease, reason } = hand;
  let givenBackMinor = 0n;
  if (!hand.givenBack) {
    const held = await lookAt(ctx, hand);
    if (held.kind === "not_done") return held;
    const { outcome, provider } = held;
    if (outcome.kind === "captured" && outcome.money.amountMinor > 0n) {
      const given = await giveBack(ctx, { hand, provider, money: outcome.money, whole: true });
      if (given) return given;
      givenBackMinor = outcome.money.amountMinor;
      const after = await lookAt(ctx, hand);
      if (after.kind === "not_done") return after;
      if (amountIn(after.outcome) > 0n) return notYetGivenBack(after.outcome);
    }
  }
  const freed = await free({ ctx, input: { payment, lease, reason, givenBack: hand.givenBack } });
  if (!freed) return notDone("busy", "it moved meanwhile: look again");
  return { kind: "decided", paymentId: payment.id, decision: "unpaid", bookedMinor: 0n, givenBackMinor };
}

const notYetGivenBack = (outcome: Outcome) =>
  notDone(
    "cannot_ask",
    `the provider took the order to give back and still shows ${amountIn(outcome)}: again when it does not`,
  );

/**
 * Gives back at the provider, under a key of the attempt and the amount that never changes. Written down before it is
 * asked for.
 * @returns what stands in the way; `null`: done
 */
async function giveBack(
  ctx: Context,
  input: { hand: Hand; provider: Provider | null; money: Money; whole: boolean },
): Promise<NotDone | null> {
  const { hand, provider, money, whole } = input;
  const { payment, lease, deadline, reason } = hand;
  const amountMinor = `${money.amountMinor}`;
  if (!provider) {
    const how = whole
      ? "give it back by other means, then say that it was given back"
      : "give it all back by other means, then decide it as unpaid and say so";
    return notDone(
      "cannot_ask",
      `the account that took ${money.currency} ${amountMinor} (minor units) is gone: ${how}`,
    );
  }
  const reference = payment.attempt_id ?? "";
  const refundReference = derivedId(`${reference}/give-back/${amountMinor}`);
  const detail = { amountMinor, currency: money.currency, whole, refundReference, reason };
  await audit(ctx, { action: "payment.giving_back", paymentId: payment.id, detail });
  const begun = whole
    ? ({ decision: "unpaid", givingBackMinor: null } as const)
    : { decision: null, givingBackMinor: money.amountMinor };
  if (!(await markBegun({ ctx, input: { lease, ...begun } }))) return tookTooLong;
  const answer = await askProvider(deadline, (signal) =>
    provider.refund({ reference, refundReference, money, signal }),
  );
  if (answer.kind === "unknown") {
    const words = `whether the provider gave it back is not known (${answer.cause}): again in a while`;
    return notDone("cannot_ask", whole ? words : `${words}, or decide it as unpaid`);
  }
  // Of what is given back whole nothing can be booked any more.
  const over = {
    decision: whole && answer.kind === "refunded" ? ("unpaid" as const) : null,
    givingBackMinor: null,
  };
  if (!(await markBegun({ ctx, input: { lease, ...over } }))) return tookTooLong;
  if (answer.kind === "refunded") return null;
  return notDone(
    "not_covered",
    `the provider does not give it back (${answer.cause}): give it back by other means, then decide it as unpaid and say so`,
  );
}

const tookTooLong = notDone("busy", "it took too long, and another may decide it now: look again");
