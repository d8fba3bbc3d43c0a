import { type Payment, type PaymentRequest, type Refused, refused } from "../../contract/index.ts";
import type { Context } from "../context/context.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { isThereFor, ownIdOf } from "./own-id.ts";
import { viewOf } from "./payment-view.ts";
import { runPayment } from "./pipeline.ts";
import { findPaymentRow } from "./statements/payment-row.ts";

export type StartResult =
  /** `created`: this call made the payment; else the id was known, with the same body. */
  | { kind: "payment"; payment: Payment; created: boolean }
  /** Nothing was stored or charged. `quote` with `amount_changed`, `errors` with `validation_failed`. */
  | Refused;

/**
 * Starts a payment, or answers the state of the one of theirs that has this id already; another's is none. Bounded: about 12 s,
 * whatever the provider does; an outcome not known by then is `processing`.
 *
 * Refusals: `not_found` (an invoice that is not this customer's, or outside the session's),
 * `currency_mismatch`, `invoice_closed`, `amount_exceeds_balance`, `validation_failed` (a line twice,
 * an amount of 0, a part where the tenant takes none), `unavailable` (payments are paused),
 * `payment_method_invalid`, `provider_unavailable` (it did not say what card, or whose account, this is), `amount_changed`, `idempotency_mismatch`, `internal` (a hook broke), `amount_below_minimum`,
 * `too_many_declines` (with `retryAfterS`), `rate_limited` (another of the session's is at the provider).
 * @throws TenantUnavailable, SettingMissing; ask again with the same id: it is the same payment.
 */
export async function startPayment({
  ctx,
  input,
}: {
  ctx: Context;
  input: {
    request: PaymentRequest;
    customerId: string;
    /** Invoice ids the session is limited to; `null`: all of the customer's. */
    allowedInvoices: readonly string[] | null;
    /** Origin that will frame a 3-D Secure page. */
    returnOrigin: string | null;
    locale: string;
    /** The payer's session, and the address it comes from, for limits alone. Default null: not known. */
    session?: string | null;
    address?: string | null;
  };
}): Promise<StartResult> {
  const taken = await startAs(ctx, input);
  if (taken !== "another's") return taken;
  const { request } = input;
  const id = ownIdOf(ctx.tenant.id, input, request.id);
  const result = await startAs(ctx, { ...input, request: { ...request, id } });
  if (result === "another's") throw new Error(`payment id ${id} is taken by another's`);
  return result.kind === "payment" ? { ...result, payment: { ...result.payment, id: request.id } } : result;
}

type StartInput = Parameters<typeof startPayment>[0]["input"];

/** Under the request's id; `another's`: a payment that is not there for who asks has it. */
async function startAs(ctx: Context, input: StartInput): Promise<StartResult | "another's"> {
  const { request, customerId, session = null, address = null } = input;
  const fingerprint = fingerprintOf(customerId, request);
  const result = await runPayment({ ctx, input: { ...input, session, address, fingerprint } });
  if (result.kind === "payment") return result;
  if (result.kind === "refused" && result.code !== "not_found") return result;

  // Read after the fact: a concurrent twin has committed by the time its locks let us through.
  const stored = await findPaymentRow(ctx, request.id);
  if (!stored) {
    if (result.kind === "refused") return result;
    if (result.waitS === 0) return refused("amount_exceeds_balance");
    return refused("too_many_declines", { retryAfterS: result.waitS });
  }
  if (!isThereFor(stored, input)) return result.kind === "refused" ? result : "another's";
  if (!Buffer.from(stored.fingerprint).equals(fingerprint)) {
    return refused("idempotency_mismatch");
  }
  return { kind: "payment", payment: await viewOf(ctx, stored), created: false };
}
