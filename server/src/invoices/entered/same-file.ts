import type { EnteredField, EnteredInvoice } from "./entered-invoice.ts";
import type { EntryFault } from "./entry-fault.ts";

/** What rows say against each other: an invoice twice, a customer by two names. Pure. */
export function alikeFaults(invoices: readonly EnteredInvoice[]): EntryFault[] {
  const faults: EntryFault[] = [];
  const ids = new Map<string, number>();
  const said = new Map<string, { value: string; row: number }>();
  const agree = (row: number, field: EnteredField, { of, value }: { of: string; value: string | null }) => {
    if (value === null) return;
    const key = `${field} ${of}`;
    const before = said.get(key);
    if (!before) said.set(key, { value, row });
    else if (before.value !== value) {
      const values = { value: before.value, other: `${before.row}` };
      faults.push({ row, field, code: "customer_differs", values });
    }
  };
  for (const { row, id, customer } of invoices) {
    const other = ids.get(id);
    if (other === undefined) ids.set(id, row);
    else faults.push({ row, field: "id", code: "duplicate", values: { value: id, other: `${other}` } });
    agree(row, "customerName", { of: customer.id, value: customer.name });
    agree(row, "customerEmail", { of: customer.id, value: customer.email });
  }
  return faults;
}
