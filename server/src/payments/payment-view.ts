import { DeclineReason, type Payment, type PaymentState } from "../../contract/index.ts";
import { mayBeShown } from "./challenge-address.ts";
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
export function paymentView(row: PaymentRow): Payment {
  const action = row.state === "requires_action" ? actionOf(row) : null;
  // With nothing to show there is nothing the payer could do: it is under way.
  const state = row.state === "requires_action" && !action ? "processing" : shownAs[row.state];
  return {
    id: row.id,
    state,
    currency: row.currency,
    amountMinor: `${row.amount_minor}`,
    surchargeMinor: `${row.surcharge_minor}`,
    totalMinor: `${row.total_minor}`,
    lines: row.lines,
    createdAt: row.created_at.toISOString(),
    action,
    reason:
      state === "declined" || state === "failed" ? (DeclineReason.safeParse(row.reason).data ?? null) : null,
    receipt: state === "captured" ? receiptOf(row) : null,
  };
}

/** Stored addresses were judged when they were recorded, but not by every release. */
function actionOf({ action_url: url }: PaymentRow): Payment["action"] {
  return url !== null && mayBeShown(url, url) ? { type: "challenge", url } : null;
}

function receiptOf(row: PaymentRow): Payment["receipt"] {
  if (row.receipt_number === null || row.captured_at === null) {
    throw new Error(`payment ${row.id} is captured without receipt number or time`);
  }
  return {
    number: row.receipt_number,
    capturedAt: row.captured_at.toISOString(),
    card: { brand: row.card_brand ?? "unknown", last4: row.card_last4 ?? "" },
  };
}
