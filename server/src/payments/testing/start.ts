import { randomUUID } from "node:crypto";
import type { PaymentRequest } from "../../../contract/index.ts";
import type { Context } from "../../context/context.ts";
import { startPayment } from "../start-payment.ts";

export interface Ask {
  id?: string;
  lines: [invoiceId: string, amountMinor: bigint][];
  token?: string;
  currency?: string;
  surchargeMinor?: bigint;
}

export function paymentRequest({ id, lines, token, currency, surchargeMinor = 0n }: Ask): PaymentRequest {
  const amountMinor = lines.reduce((sum, [, amount]) => sum + amount, 0n);
  return {
    id: id ?? randomUUID(),
    currency: currency ?? "USD",
    lines: lines.map(([invoiceId, amount]) => ({ invoiceId, amountMinor: `${amount}` })),
    method: { type: "card", token: token ?? "tok_success" },
    shown: { surchargeMinor: `${surchargeMinor}`, totalMinor: `${amountMinor + surchargeMinor}` },
  };
}

/** Starts a payment of customer C-1 in an unlimited session. */
export const start = (ctx: Context, ask: Ask) =>
  startPayment({
    ctx,
    input: {
      request: paymentRequest(ask),
      customerId: "C-1",
      allowedInvoices: null,
      returnOrigin: "https://shop.test",
      locale: "en",
    },
  });
