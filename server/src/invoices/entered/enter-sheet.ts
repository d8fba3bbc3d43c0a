import type { Refused } from "../../../contract/index.ts";
import type { Context } from "../../context/context.ts";
import { enterInvoices, type JudgedRow } from "./enter-invoices.ts";
import type { EnteredInvoice, TypedRow } from "./entered-invoice.ts";
import type { EntryFault } from "./entry-fault.ts";
import { readRow } from "./read-row.ts";
import { readSheet, type SheetRead } from "./read-sheet.ts";

export type Entry =
  | {
      kind: "done";
      written: boolean;
      rows: (JudgedRow & { invoice: EnteredInvoice })[];
      customers: number;
      ignored: string[];
    }
  /** Nothing was written. */
  | { kind: "faults"; faults: EntryFault[]; ignored: string[] }
  | Extract<SheetRead, { kind: "unreadable" }>
  | Refused;

/** Enters a file, all of it or nothing, or says what that would do. @throws TenantUnavailable */
export async function enterSheet(call: {
  ctx: Context;
  input: { bytes: Uint8Array; apply: boolean };
}): Promise<Entry> {
  const { ctx, input } = call;
  const sheet = readSheet(input.bytes);
  return sheet.kind === "unreadable" ? sheet : enter(ctx, { ...sheet, apply: input.apply });
}

/** Enters an invoice that was typed. @throws TenantUnavailable */
export async function enterRow(call: { ctx: Context; input: { typed: TypedRow } }): Promise<Entry> {
  const read = readRow(call.input.typed, 1);
  const parts =
    read.kind === "invoice"
      ? { invoices: [read.invoice], faults: [] }
      : { invoices: [], faults: read.faults };
  return enter(call.ctx, { ...parts, ignored: [], apply: true });
}

/** With what is wrong in the file, the database is still asked what it thinks of the rest. */
async function enter(
  ctx: Context,
  sheet: { invoices: EnteredInvoice[]; faults: EntryFault[]; ignored: string[]; apply: boolean },
): Promise<Entry> {
  const { invoices, ignored } = sheet;
  const apply = sheet.apply && sheet.faults.length === 0;
  const entered = await enterInvoices({ ctx, input: { invoices, apply } });
  if (entered.kind === "refused") return entered;
  const all = [...sheet.faults, ...(entered.kind === "faults" ? entered.faults : [])];
  if (entered.kind === "faults" || all.length > 0) {
    // What rows say against each other was found by both.
    const faults = [...new Map(all.map((fault) => [JSON.stringify(fault), fault])).values()];
    return { kind: "faults", faults: faults.toSorted((a, b) => a.row - b.row), ignored };
  }
  const byRow = new Map(invoices.map((invoice) => [invoice.row, invoice]));
  const rows = entered.rows.flatMap((row) => {
    const invoice = byRow.get(row.row);
    return invoice ? [{ ...row, invoice }] : [];
  });
  return { kind: "done", written: entered.written, rows, customers: entered.customers, ignored };
}
