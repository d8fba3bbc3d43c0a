import { plainLine } from "../../../contract/index.ts";
import type { ErpPayment } from "../../connectors/connector.ts";
import type { Context } from "../../context/context.ts";
import { afterStep, beforeStep } from "../../hooks/run.ts";
import { toDecimal } from "../../money/money.ts";
import type { DeliveryOutcome } from "../../outbox/delivery.ts";
import { dayIn } from "../../tenant/calendar.ts";
import { aboutPayment } from "../attempt.ts";
import type { PaymentRow } from "../statements/payment-row.ts";

/** SyncPayment: the tenant's hooks around the connector. A hook may word the memo, not move money. */
export async function postToERP({
  ctx,
  input: { payment, signal },
}: {
  ctx: Context;
  input: { payment: PaymentRow; signal: AbortSignal };
}): Promise<DeliveryOutcome> {
  const connector = await ctx.connector();
  if (!connector) return { kind: "retry", cause: "the tenant has no ERP set up", retryAfterMs: null };
  const about = aboutPayment(ctx, payment);
  const ours = toErpPayment(payment, about.lines, await ctx.settings.get("seller.timeZone"));
  const hooked = await beforeStep({ ctx, step: "SyncPayment", about, input: { payment: ours } });
  const memo = plainLine(String(hooked.payment.memo), 500);

  const posted = await connector.postPayment({ payment: { ...ours, memo }, signal });
  if (posted.kind === "retry") return posted;
  if (posted.kind === "refused") return { kind: "undeliverable", cause: posted.cause };
  await afterStep({ ctx, step: "SyncPayment", about, output: { erpRef: posted.erpRef } });
  return { kind: "done", result: { erpRef: posted.erpRef, already: posted.already } };
}

/** What the ERP is told: the invoices' sum. A surcharge is no payment of an invoice; the memo names it. */
function toErpPayment(
  payment: PaymentRow,
  lines: readonly ErpPayment["lines"][number][],
  timeZone: string,
): ErpPayment {
  if (!payment.captured_at) throw new Error(`payment ${payment.id} is not captured`);
  const surcharge =
    payment.surcharge_minor > 0n
      ? `, plus surcharge ${toDecimal(payment.surcharge_minor, payment.currency)} ${payment.currency}`
      : "";
  return {
    externalId: `pay_${payment.id}`,
    customerId: payment.customer_id,
    currency: payment.currency,
    amountMinor: payment.amount_minor,
    surchargeMinor: payment.surcharge_minor,
    capturedOn: dayIn(payment.captured_at, timeZone),
    providerRef: payment.provider_ref ?? "",
    memo: `Card payment ${payment.receipt_number}, charge ${payment.provider_ref}${surcharge}`,
    lines: [...lines],
  };
}
