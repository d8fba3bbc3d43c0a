import { DeclineReason, type Payment, type PaymentState } from "../../contract/index.ts";
import type { Context } from "../context/context.ts";
import { timeZoneOf } from "../context/seller.ts";
import { dayIn } from "../tenant/calendar.ts";
import type { PaymentRow } from "./statements/payment-row.ts";
import type { StoredState } from "./states.ts";

/** Authorised, unknown and conflicted are all `processing` to a payer: none is ever shown as declined. */
const shownAs: Record<StoredState, PaymentState> = {
  pending: "processing",
  requires_action: "requires_action",
  authorized: "processing",
  captured: "captured",
  declined: "declined",
  failed: "failed",
  conflicted: "processing",
};

/** What the payer may see of a payment. */
export const viewOf = async (ctx: Context, row: PaymentRow): Promise<Payment> =>
  paymentView(row, await timeZoneOf(ctx));

function paymentView(row: PaymentRow, timeZone: string): Payment {
  const state = shownAs[row.state];
  return {
    id: row.id,
    state,
    currency: row.currency,
    amountMinor: `${row.amount_minor}`,
    surchargeMinor: `${row.surcharge_minor}`,
    totalMinor: `${row.total_minor}`,
    lines: row.lines,
    createdAt: row.created_at.toISOString(),
    action: state === "requires_action" && row.action_url ? { type: "challenge", url: row.action_url } : null,
    reason:
      state === "declined" || state === "failed" ? (DeclineReason.safeParse(row.reason).data ?? null) : null,
    receipt: state === "captured" ? receiptOf(row, timeZone) : null,
  };
}

function receiptOf(row: PaymentRow, timeZone: string): Payment["receipt"] {
  if (row.receipt_number === null || row.captured_at === null) {
    throw new Error(`payment ${row.id} is captured without receipt number or time`);
  }
  return {
    number: row.receipt_number,
    capturedAt: row.captured_at.toISOString(),
    capturedOn: dayIn(row.captured_at, timeZone),
    card: { brand: row.card_brand ?? "unknown", last4: row.card_last4 ?? "" },
  };
}
