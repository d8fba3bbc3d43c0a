import type { Context } from "../context/context.ts";
import type { PipelineContext } from "../hooks/pipeline.ts";
import type { PaymentRow } from "./statements/payment-row.ts";
import type { StoredState } from "./states.ts";

/**
 * How long whoever holds an attempt may call the provider for it. Longer than a request may take
 * (`answerWithinMs`), so that a living request is never overtaken.
 */
export const leaseS = 30;

/** One try to move the money, leased to us. */
export interface Attempt {
  /** The provider's reference and idempotency key: the payment's only one, however often it is begun. */
  readonly id: string;
  readonly payment: PaymentRow;
  /** Provider id. */
  readonly provider: string;
  /** The vendor's id of the account whose books it is in; `null`: made before we asked. */
  readonly providerAccount: string | null;
  /** Of the provider, single use; `null` once the attempt is settled. */
  readonly token: string | null;
  /** The vendor's own id of the charge, once it is known. */
  readonly providerRef: string | null;
  /** Which of the keys of `captureKeyOf` a capture is asked under. */
  readonly captureNumber: number;
  /** How often the vendor answered it with an error of its own, and how long ago first; `null`: never. */
  readonly captureErrors: { count: number; sinceS: number } | null;
  readonly statement: string;
  readonly returnOrigin: string | null;
  readonly state: StoredState;
  /** Fruitless checks so far. */
  readonly checks: number;
  /** Of these the last ones in a row at which the provider did not know it. */
  readonly absences: number;
  readonly ageS: number;
  /** Epoch ms of our own clock; nothing is sent after, because the lease may be another's. */
  readonly sendBy: number;
}

/** Well before the lease ends. Call it before the statement that takes the lease. */
export const sendByFromNow = () => Date.now() + (leaseS - 10) * 1_000;

/** What hooks are told about a payment. */
export function aboutPayment(ctx: Context, payment: PaymentRow): PipelineContext {
  return {
    tenant: ctx.tenant,
    paymentId: payment.id,
    customerId: payment.customer_id,
    currency: payment.currency,
    lines: payment.lines.map((line) => ({ ...line, amountMinor: BigInt(line.amountMinor) })),
  };
}
