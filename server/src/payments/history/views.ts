import { type ListedPortalPayment, longest, plainLine } from "../../../contract/index.ts";
import type { HistoryRow } from "./read-rows.ts";

/** A payment as the seller's lists show it; texts of other systems as they may stand on a line. */
export function listedOf(row: HistoryRow): ListedPortalPayment {
  const [first] = row.lines;
  return {
    id: row.id,
    state: row.state,
    createdAt: row.created_at.toISOString(),
    customer: { id: row.customer_id, name: plainLine(row.customer_name ?? row.customer_id, longest.name) },
    currency: row.currency,
    totalMinor: `${row.total_minor}`,
    receiptNumber: row.receipt_number,
    card: row.card_last4 === null ? null : { brand: row.card_brand ?? "unknown", last4: row.card_last4 },
    invoices: { count: row.lines.length, first: plainLine(first?.invoiceNumber ?? "", longest.number) },
    erp: row.erp ?? "none",
  };
}
