import { type Payment, type PaymentRequest, type Refused, refused } from "../../contract/index.ts";
import type { Context } from "../context/context.ts";
import { doWithout } from "../context/do-without.ts";
import { HookRefusal, type PipelineContext, type Steps } from "../hooks/pipeline.ts";
import { afterStep, beforeStep, HookFailure, runStep } from "../hooks/run.ts";
import { captureKeyOf, type Outcome, type Provider } from "../providers/provider.ts";
import { inSpan } from "../telemetry/tracing.ts";
import { settingDefinitions } from "../tenant/settings.ts";
import { answerWithinMs, askProvider, type Deadline, deadlineIn } from "./ask-provider.ts";
import { type Attempt, aboutPayment } from "./attempt.ts";
import { inspectCard } from "./inspect-card.ts";
import { judgeOrder } from "./judge-order.ts";
import { pauseOf } from "./limits/declines.ts";
import { minimumOf, tooSmall } from "./limits/minimum.ts";
import { takeTurn } from "./limits/session-turns.ts";
import { subjectsOf } from "./limits/subjects.ts";
import { viewOf } from "./payment-view.ts";
import { noteCaptureError } from "./statements/capture-key.ts";
import { claimPayment, type Intent } from "./statements/claim-payment.ts";
import type { Order } from "./statements/load-order.ts";
import type { PaymentRow } from "./statements/payment-row.ts";
import { recordOutcome } from "./statements/record-outcome.ts";
import { storeRefusal } from "./statements/store-refusal.ts";
import { surchargeOf } from "./surcharge.ts";

/** A session's payment waits for the one before it no longer, ms: enough for a bank's answer. */
const turnWithinMs = 4_000;

export interface PaymentOrder {
  request: PaymentRequest;
  fingerprint: Uint8Array;
  customerId: string;
  allowedInvoices: readonly string[] | null;
  returnOrigin: string | null;
  locale: string;
  /** The payer's session and address; `null`: not known. */
  session: string | null;
  address: string | null;
}

export type PipelineResult =
  | { kind: "payment"; payment: Payment; created: boolean }
  /**
   * Somebody has this payment id already, a balance went away between looking and locking, or `waitS` is above 0: too many
   * of the payer's were declined, and the next may be tried after so many seconds.
   */
  | { kind: "not_claimed"; waitS: number }
  | Refused;

/**
 * A payment, start to end:
 *
 *     flags, load → CalculateSurcharge → AuthorizePayment → CapturePayment → (outbox) SyncPayment, SendReceipt
 *
 * Transaction 1 commits the intent before any money is asked for, transaction 2 what became of it; no
 * transaction is open while the provider works. The last two steps run in the worker, with hooks of their own.
 */
export async function runPayment({
  ctx,
  input,
}: {
  ctx: Context;
  input: PaymentOrder;
}): Promise<PipelineResult> {
  const deadline = deadlineIn(answerWithinMs);

  const partial = await ctx.flags.get("partial-payments");
  const order = await judgeOrder({ ctx, input: { ...input, partial } });
  if (order.kind === "known") return { kind: "not_claimed", waitS: 0 };
  if (order.kind === "refused") return order;
  // After `known`: a payment that was begun before finishes, and its retries are told so.
  if (await ctx.flags.get("payments-paused")) return refused("unavailable");
  // An edge that says no session: all of the customer's are one.
  const session = `${ctx.tenant.id}/${input.session ?? `customer ${input.customerId}`}`;
  const turn = await takeTurn(session, Math.min(deadline, deadlineIn(turnWithinMs)));
  if (!turn) return refused("rate_limited");
  let captured = false;
  try {
    const result = await payInTurn({ ctx, input: { ...input, order, deadline } });
    captured = result.kind === "payment" && result.payment.state === "captured";
    return result;
  } finally {
    turn.done({ captured });
  }
}

/** From the card on; no other payment of a session that was not captured before is at the provider meanwhile. */
async function payInTurn({
  ctx,
  input,
}: {
  ctx: Context;
  input: PaymentOrder & { order: Order; deadline: Deadline };
}): Promise<PipelineResult> {
  const { request, customerId, order, deadline } = input;
  const provider = await ctx.provider();
  const inspected = await inspectCard(provider, request.method.token, deadline);
  if (inspected.kind === "refused") return inspected;
  // A tenant's hooks price by brand and funding; which card it is is the limits' alone.
  const { fingerprint: cardId, ...card } = inspected;
  const account = await askProvider(deadline, (signal) => provider.account({ signal }));
  if (account.kind === "unknown") return refused("provider_unavailable");
  const { currency } = request;
  const minimumMinor = minimumOf(await ctx.settings.get("limits.minimum"), currency);
  const small = tooSmall(order, { minimumMinor, currency });
  if (small) return small;

  const { lines, amountMinor } = order;
  const about = {
    tenant: ctx.tenant,
    paymentId: request.id,
    customerId,
    currency: request.currency,
    lines,
  };
  const priced = await price({ ctx, input: { request, card, amountMinor, about } });
  if (priced.kind === "refused") return priced;
  const intent: Intent = {
    paymentId: request.id,
    customerId,
    fingerprint: input.fingerprint,
    currency: request.currency,
    lines,
    amountMinor,
    surchargeMinor: priced.surchargeMinor,
    card,
    locale: input.locale,
    provider: provider.id,
    providerAccount: account.id,
    token: request.method.token,
    statement: priced.statement,
    returnOrigin: input.returnOrigin,
    subjects: subjectsOf(ctx.tenant.id, {
      session: input.session,
      customer: customerId,
      address: input.address,
      card: cardId,
    }),
  };
  if (priced.kind === "declined") {
    const declined = await storeRefusal({ ctx, input: { intent, cause: priced.cause } });
    return declined ? created(ctx, declined) : { kind: "not_claimed", waitS: 0 };
  }

  const attempt = await claimPayment({ ctx, input: intent });
  if (!attempt) return { kind: "not_claimed", waitS: await pauseOf({ ctx, input: intent }) };
  const authorized = await authorize({ ctx, input: { attempt, provider, deadline } });
  return created(ctx, await capture({ ctx, input: { attempt, provider, deadline, authorized } }));
}

const created = async (ctx: Context, row: PaymentRow): Promise<PipelineResult> => ({
  kind: "payment",
  payment: await viewOf(ctx, row),
  created: true,
});

type Priced =
  | { kind: "priced"; surchargeMinor: bigint; statement: string }
  /** A tenant's hook refused the payment. */
  | { kind: "declined"; surchargeMinor: bigint; statement: string; cause: string }
  | Refused;

interface Pricing {
  request: PaymentRequest;
  card: Steps["CalculateSurcharge"]["input"]["card"];
  amountMinor: bigint;
  about: PipelineContext;
}

/** All that may still stop a payment: CalculateSurcharge, the price the payer saw, AuthorizePayment's before-hook. */
async function price({ ctx, input }: { ctx: Context; input: Pricing }): Promise<Priced> {
  const { request, card, amountMinor, about } = input;
  const statement = await doWithout({
    ctx,
    input: {
      what: "seller.statement",
      otherwise: settingDefinitions["seller.statement"].default,
      read: () => ctx.settings.get("seller.statement"),
    },
  });
  let surchargeMinor = 0n;
  try {
    const rules = await ctx.settings.get("surcharge.rules");
    const run = async (asked: Steps["CalculateSurcharge"]["input"]) => ({
      surchargeMinor: surchargeOf(asked),
    });
    const asked = { amountMinor, card, rules };
    ({ surchargeMinor } = await inSpan({ name: "CalculateSurcharge" }, () =>
      runStep({ ctx, step: "CalculateSurcharge", about, input: asked, run }),
    ));
    const totalMinor = amountMinor + surchargeMinor;
    const quote = {
      amountMinor: `${amountMinor}`,
      surchargeMinor: `${surchargeMinor}`,
      totalMinor: `${totalMinor}`,
    };
    const { shown } = request;
    if (quote.surchargeMinor !== shown.surchargeMinor || quote.totalMinor !== shown.totalMinor) {
      return refused("amount_changed", { quote });
    }
    const wanted = { totalMinor, surchargeMinor, statement };
    const authorizing = await beforeStep({ ctx, step: "AuthorizePayment", about, input: wanted });
    return { kind: "priced", surchargeMinor, statement: authorizing.statement };
  } catch (error) {
    if (error instanceof HookRefusal) {
      return { kind: "declined", surchargeMinor, statement, cause: error.message };
    }
    if (!(error instanceof HookFailure)) throw error;
    ctx.log.error({ err: error, paymentId: request.id }, "a hook broke: nothing was charged");
    return refused("internal");
  }
}

interface MoneyCall {
  attempt: Attempt;
  provider: Provider;
  deadline: Deadline;
}

/** AuthorizePayment, from the committed intent on: the same call however often it is made. */
export async function authorize({ ctx, input }: { ctx: Context; input: MoneyCall }): Promise<Outcome> {
  const { attempt, provider, deadline } = input;
  const { payment, token, statement, returnOrigin } = attempt;
  if (token === null) throw new Error(`attempt ${attempt.id} is settled: it is not sent again`);
  const outcome: Outcome = await inSpan({ name: "AuthorizePayment" }, () =>
    askProvider(Math.min(deadline, attempt.sendBy), (signal) =>
      provider.authorize({
        reference: attempt.id,
        token,
        money: { amountMinor: payment.total_minor, currency: payment.currency },
        statement,
        returnOrigin,
        signal,
      }),
    ),
  );
  const about = aboutPayment(ctx, payment);
  await afterStep({ ctx, step: "AuthorizePayment", about, output: { outcome: outcome.kind } });
  return outcome;
}

/**
 * CapturePayment, when an authorisation for exactly our amount is there to capture; then transaction 2.
 * `authorized` is not written down in between: a crash there leaves the lease, and whoever takes it
 * finds the authorisation by our reference. It is written when the capture's outcome is unknown.
 */
export async function capture({
  ctx,
  input,
}: {
  ctx: Context;
  input: MoneyCall & { authorized: Outcome };
}): Promise<PaymentRow> {
  const { attempt, provider, deadline, authorized } = input;
  const { payment } = attempt;
  const money = { amountMinor: payment.total_minor, currency: payment.currency };
  if (authorized.kind !== "authorized" || !sameMoney(authorized.money, money)) {
    return recordOutcome({ ctx, input: { attempt, outcome: authorized } });
  }
  const about = aboutPayment(ctx, payment);
  const key = captureKeyOf(attempt.id, attempt.captureNumber);
  await beforeStep({ ctx, step: "CapturePayment", about, input: { totalMinor: payment.total_minor } });
  const answer: Outcome = await inSpan({ name: "CapturePayment" }, () =>
    askProvider(Math.min(deadline, attempt.sendBy), (signal) =>
      provider.capture({ reference: attempt.id, money, key, signal }),
    ),
  );
  if (answer.kind === "unknown" && answer.vendorError) await noteCaptureError({ ctx, input: { attempt } });
  const outcome = answer.kind === "unknown" ? { ...authorized, cause: answer.cause } : answer;
  const recorded = await recordOutcome({ ctx, input: { attempt, outcome } });
  await afterStep({ ctx, step: "CapturePayment", about, output: { outcome: answer.kind } });
  return recorded;
}

const sameMoney = (a: { amountMinor: bigint; currency: string }, b: typeof a) =>
  a.amountMinor === b.amountMinor && a.currency === b.currency;
