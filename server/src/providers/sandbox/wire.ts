import { z } from "zod";
import { AmountMinor, CardBrand, CardFunding, Currency, DeclineReason } from "../../../contract/index.ts";
import type { Outcome } from "../provider.ts";

/** A charge as the API answers it. */
export const Charge = z.object({
  id: z.string(),
  reference: z.string(),
  status: z.enum(["requires_action", "authorized", "captured", "declined", "canceled", "refunded"]),
  amount: AmountMinor,
  currency: Currency,
  captured: AmountMinor,
  refunded: AmountMinor,
  declineCode: DeclineReason.catch("declined").nullable(),
  challengeUrl: z.string().nullable(),
  capturedAt: z.iso.datetime().nullable(),
});
export type Charge = z.infer<typeof Charge>;

export const Account = z.object({ id: z.string().min(1) });

export const Origins = z.object({ origins: z.array(z.string()) });

export const Token = z.object({
  brand: CardBrand.catch("unknown"),
  funding: CardFunding.catch("unknown"),
  last4: z.string().regex(/^\d{4}$/),
  country: z.string().nullable().default(null),
  fingerprint: z.string().nullable().default(null),
});

export const Refund = z.object({ id: z.string(), amount: AmountMinor, currency: Currency });

export const ApiError = z.object({ error: z.object({ code: z.string() }) });

export const WebhookBody = z.object({ data: z.object({ reference: z.string() }) });

/** What a charge's state means to us. */
export function outcomeOf(charge: Charge): Outcome {
  const { id: providerRef, currency } = charge;
  switch (charge.status) {
    case "authorized":
      return { kind: "authorized", providerRef, money: { amountMinor: BigInt(charge.amount), currency } };
    case "captured":
    case "refunded": {
      if (charge.capturedAt === null) return { kind: "unknown", cause: "captured without a time" };
      const money = { amountMinor: BigInt(charge.captured) - BigInt(charge.refunded), currency };
      return { kind: "captured", providerRef, money, capturedAt: new Date(charge.capturedAt) };
    }
    case "requires_action":
      return { kind: "requires_action", providerRef, url: charge.challengeUrl };
    case "declined":
    case "canceled":
      return { kind: "declined", providerRef, reason: charge.declineCode ?? "declined" };
  }
}
