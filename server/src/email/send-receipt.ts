import type { Context } from "../context.ts";
import type { Delivery } from "../outbox/outbox-row.ts";
import type { PaymentRow } from "../payments/payment-row.ts";

export async function sendReceipt(_: {
  ctx: Context;
  input: { payment: PaymentRow; outboxId: string; signal: AbortSignal };
}): Promise<Delivery> {
  return { kind: "done", result: { status: "not_configured" } };
}
