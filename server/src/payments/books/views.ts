import { type ListedPortalInvoice, longest, plainLine } from "../../../contract/index.ts";

export interface InvoiceRow {
  tenant_id: string;
  id: string;
  number: string;
  customer_id: string;
  customer_name: string | null;
  currency: string;
  total_minor: bigint;
  owed_minor: bigint;
  held_minor: bigint;
  issued_on: string;
  due_on: string;
  overdue_days: number;
}

/** An invoice as the seller's lists show it; texts of other systems as they may stand on a line. */
export const listedInvoice = (row: InvoiceRow): ListedPortalInvoice => ({
  id: row.id,
  number: plainLine(row.number, longest.number),
  customer: { id: row.customer_id, name: plainLine(row.customer_name ?? row.customer_id, longest.name) },
  currency: row.currency,
  totalMinor: `${row.total_minor}`,
  owedMinor: `${row.owed_minor}`,
  state: row.owed_minor <= 0n ? "paid" : row.overdue_days > 0 ? "overdue" : "open",
  issuedOn: row.issued_on,
  dueOn: row.due_on,
  overdueDays: row.owed_minor > 0n ? row.overdue_days : 0,
});
