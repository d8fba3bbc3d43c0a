import { z } from "zod";
import { AmountMinor, Currency } from "./money.ts";
import { ForeignId } from "./text.ts";

export const PaymentId = z.uuid().meta({ id: "PaymentId" });

/** What a person needs to know; the server's finer states are in server/README.md. */
export const PaymentState = z.enum([
  /** Under way or unknown: never shown as declined. Ask again. */
  "processing",
  /** The bank wants the payer: open `action.url` in a frame, then `POST …/resume`. */
  "requires_action",
  "captured",
  /** The bank said no; nothing was taken. A new payment id may be tried. */
  "declined",
  /** Never reached the bank; nothing was taken. A new payment id may be tried. */
  "failed",
]);
export type PaymentState = z.infer<typeof PaymentState>;

export const DeclineReason = z.enum([
  "declined",
  "insufficient_funds",
  "expired_card",
  "incorrect_cvc",
  "authentication_failed",
  "abandoned",
]);
export type DeclineReason = z.infer<typeof DeclineReason>;

export const PaymentLine = z.object({ invoiceId: ForeignId, amountMinor: AmountMinor }).strict();
export type PaymentLine = z.infer<typeof PaymentLine>;

/**
 * `POST /v1/payments`. The browser mints `id` (UUID v4) and keeps it for every retry: the same id
 * with the same body is the same payment (its state is answered), with another body
 * `idempotency_mismatch`. The shown amounts are part of the request: when the server computes
 * others nothing is charged and `amount_changed` carries the new ones.
 */
export const PaymentRequest = z
  .object({
    id: PaymentId,
    currency: Currency,
    lines: z.array(PaymentLine).min(1).max(100),
    method: z
      .object({
        type: z.literal("card"),
        /** The provider's token for one use. */
        token: z.string().regex(/^[\x21-\x7e]{1,500}$/, "printable ASCII without spaces"),
      })
      .strict(),
    /** What the payer saw. */
    shown: z.object({ surchargeMinor: AmountMinor, totalMinor: AmountMinor }).strict(),
  })
  .strict()
  .meta({ id: "PaymentRequest" });
export type PaymentRequest = z.infer<typeof PaymentRequest>;

export const Payment = z
  .object({
    id: PaymentId,
    state: PaymentState,
    currency: Currency,
    amountMinor: AmountMinor,
    surchargeMinor: AmountMinor,
    totalMinor: AmountMinor,
    lines: z.array(z.object({ invoiceId: z.string(), invoiceNumber: z.string(), amountMinor: AmountMinor })),
    createdAt: z.iso.datetime(),
    /** Set in `requires_action`: the provider's challenge page (3-D Secure). Null in a session's answer. */
    action: z.object({ type: z.literal("challenge"), url: z.url() }).nullable(),
    /** Set in `declined` and `failed`. */
    reason: DeclineReason.nullable(),
    /** Set in `captured`. */
    receipt: z
      .object({
        number: z.string(),
        capturedAt: z.iso.datetime(),
        /** The day of it in the seller's calendar, as the receipt and the ERP have it. An older server does not say. */
        capturedOn: z.iso.date().optional(),
        card: z.object({ brand: z.string(), last4: z.string() }),
      })
      .nullable(),
  })
  .meta({ id: "Payment" });
export type Payment = z.infer<typeof Payment>;
