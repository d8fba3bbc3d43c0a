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
import { viewOf } from "./payment-view.ts";
import { noteCaptureError } from "./statements/capture-key.ts";
import { claimPayment, type Intent } from "./statements/claim-payment.ts";
import type { PaymentRow } from "./statements/payment-row.ts";
import { recordOutcome } from "./statements/record-outcome.ts";
import { storeRefusal } from "./statements/store-refusal.ts";
import { surchargeOf } from "./surcharge.ts";

export interface PaymentOrder {
  request: PaymentRequest;
  fingerprint: Uint8Array;
  customerId: string;
  allowedInvoices: readonly string[] | null;
  returnOrigin: string | null;
  locale: string;
}

export type PipelineResult =
  | { kind: "payment"; payment: Payment; created: boolean }
  /** Somebody has this payment id already, or a balance went away between looking and locking. */
  | { kind: "not_claimed" }
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
  const { request, customerId } = input;
  const deadline = deadlineIn(answerWithinMs);

  const partial = await ctx.flags.get("partial-payments");
  const order = await judgeOrder({ ctx, input: { ...input, partial } });
  if (order.kind === "known") return { kind: "not_claimed" };
  if (order.kind === "refused") return order;
  // After `known`: a payment that was begun before finishes, and its retries are told so.
  if (await ctx.flags.get("payments-paused")) return refused("unavailable");
  const provider = await ctx.provider();
  const card = await inspectCard(provider, request.method.token, deadline);
  if (card.kind === "refused") return card;
  const account = await askProvider(deadline, (signal) => provider.account({ signal }));
  if (account.kind === "unknown") return refused("provider_unavailable");

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
  };
  if (priced.kind === "declined") {
    const declined = await storeRefusal({ ctx, input: { intent, cause: priced.cause } });
    return declined ? created(ctx, declined) : { kind: "not_claimed" };
  }

  const attempt = await claimPayment({ ctx, input: intent });
  if (!attempt) return { kind: "not_claimed" };
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
