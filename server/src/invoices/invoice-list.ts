import type { Invoice, InvoiceList } from "../../contract/index.ts";
import { plainName, plainNumber } from "./erp-names.ts";

/** A customer beside one of their invoices; the invoice's columns are null when there is none. */
export interface MirrorRow {
  tenant_id: string;
  customer_id: string;
  customer_name: string;
  synced_at: Date;
  age_ms: number;
  id: string | null;
  number: string;
  currency: string;
  total_minor: bigint;
  owed_minor: bigint;
  payable_minor: bigint;
  issued_on: string;
  due_on: string;
  overdue_days: number;
}

/** What the mirror holds of a customer. */
export interface Mirror {
  customerName: string;
  list: Omit<InvoiceList, "freshness">;
  /** Since the ERP was last read for this customer, by the database's clock. */
  ageMs: number;
}

/** `null`: the customer was never read. */
export function mirrorOf(rows: readonly MirrorRow[]): Mirror | null {
  const [first] = rows;
  if (!first) return null;
  const invoices = rows.flatMap((row): Invoice[] => (row.id === null ? [] : [toInvoice(row, row.id)]));
  const { customer_id: id, age_ms: ageMs, synced_at: syncedAt } = first;
  // Rows of before names were cleaned on their way in.
  const customerName = plainName(first.customer_name, id);
  return { customerName, ageMs, list: { invoices, asOf: syncedAt.toISOString() } };
}

function toInvoice(row: MirrorRow, id: string): Invoice {
  return {
    id,
    number: plainNumber(row.number, id),
    currency: row.currency,
    totalMinor: `${row.total_minor}`,
    openMinor: `${row.owed_minor}`,
    payableMinor: `${row.payable_minor}`,
    issuedOn: row.issued_on,
    dueOn: row.due_on,
    overdueDays: row.overdue_days,
  };
}
