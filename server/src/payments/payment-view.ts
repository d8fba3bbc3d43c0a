import { DeclineReason, longest, type Payment, type PaymentState, plainLine } from "../../contract/index.ts";
import type { Context } from "../context/context.ts";
import { timeZoneOf } from "../context/seller.ts";
import { dayIn } from "../tenant/calendar.ts";
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
export const viewOf = async (ctx: Context, row: PaymentRow): Promise<Payment> =>
  paymentView(row, await timeZoneOf(ctx));

function paymentView(row: PaymentRow, timeZone: string): Payment {
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
    lines: row.lines.map((line) => ({
      ...line,
      invoiceNumber: plainLine(line.invoiceNumber, longest.number),
    })),
    createdAt: row.created_at.toISOString(),
    action,
    reason: state === "declined" || state === "failed" ? reasonOf(row) : null,
    receipt: state === "captured" ? receiptOf(row, timeZone) : null,
  };
}

/** Whoever tries out cards learns from each reason which of them is worth another try. */
function reasonOf({ reason, coarse }: PaymentRow): Payment["reason"] {
  const told = DeclineReason.safeParse(reason).data ?? null;
  return told !== null && coarse && told !== "abandoned" ? "declined" : told;
}

/** Stored addresses were judged when they were recorded, but not by every release. */
function actionOf({ action_url: url }: PaymentRow): Payment["action"] {
  return url !== null && mayBeShown(url, url) ? { type: "challenge", url } : null;
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
