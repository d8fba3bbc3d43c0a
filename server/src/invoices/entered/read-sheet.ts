import { CsvError, parse } from "csv-parse/sync";
import { type EnteredField, type EnteredInvoice, enteredFields } from "./entered-invoice.ts";
import type { EntryFault } from "./entry-fault.ts";
import { fieldOfHead } from "./heads.ts";
import { readRow } from "./read-row.ts";
import { alikeFaults } from "./same-file.ts";

/** Bytes and rows of a file: it is one statement, which ends in time (`statementTimeoutMs`) on a busy machine too. */
export const sheetLimits = { bytes: 5 * 1024 * 1024, rows: 10_000 } as const;

/** Why a file cannot be read at all, in words; `{value}` is what they are about. */
export const sheetFaultWords = {
  empty: "there is no row in it",
  too_large: "it is larger than {value} MB: part it",
  too_many_rows: "it has more than {value} rows: part it",
  not_csv: "it cannot be read as CSV from line {value} on",
  missing_column: "there is no column {value}",
  column_twice: "two columns are {value}",
} as const;
export type SheetFaultCode = keyof typeof sheetFaultWords;

export type SheetRead =
  | {
      kind: "rows";
      invoices: EnteredInvoice[];
      /** A row with one is in no `invoices`. */
      faults: EntryFault[];
      /** Heads of columns that say nothing here. */
      ignored: string[];
    }
  | { kind: "unreadable"; code: SheetFaultCode; value: string };

const needed: readonly EnteredField[] = ["number", "customerId", "currency", "total", "issuedOn"];

/**
 * Reads a file of invoices as spreadsheets save it: commas, semicolons or tabs, UTF-8, UTF-16 or Windows-1252, columns in
 * any order. A cell is text, whatever a spreadsheet would make of it. Pure.
 */
export function readSheet(bytes: Uint8Array): SheetRead {
  const { bytes: mostBytes, rows: mostRows } = sheetLimits;
  if (bytes.length > mostBytes) return unreadable("too_large", `${mostBytes / 1024 / 1024}`);
  const cells = cellsOf(textOf(bytes));
  if ("kind" in cells) return cells;
  const filled = cells
    .map((row, index) => ({ row, line: index + 1 }))
    .filter(({ row }) => row.some(isFilled));
  const [head, ...rows] = filled;
  if (!head || rows.length === 0) return unreadable("empty", "");
  if (rows.length > mostRows) return unreadable("too_many_rows", `${mostRows}`);
  const columns = head.row.map(fieldOfHead);
  for (const field of enteredFields) {
    const count = columns.filter((column) => column === field).length;
    if (count > 1) return unreadable("column_twice", field);
    if (count === 0 && needed.includes(field)) return unreadable("missing_column", field);
  }
  const invoices: EnteredInvoice[] = [];
  const faults: EntryFault[] = [];
  for (const { row, line } of rows) {
    const typed: Partial<Record<EnteredField, string>> = {};
    for (const [at, field] of columns.entries()) if (field) typed[field] = row[at] ?? "";
    const read = readRow(typed, line);
    if (read.kind === "invoice") invoices.push(read.invoice);
    else faults.push(...read.faults);
  }
  faults.push(...alikeFaults(invoices));
  const ignored = head.row.filter((cell, at) => columns[at] === null && isFilled(cell));
  return { kind: "rows", invoices, faults: faults.toSorted((a, b) => a.row - b.row), ignored };
}

const isFilled = (cell: string): boolean => cell.trim() !== "";
const unreadable = (code: SheetFaultCode, value: string) => ({ kind: "unreadable", code, value }) as const;

/** What is no UTF-8 was saved by an older Excel. */
function textOf(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder("utf-16le").decode(bytes);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}

function cellsOf(text: string): string[][] | Extract<SheetRead, { kind: "unreadable" }> {
  try {
    return parse(text, {
      bom: true,
      delimiter: delimiterOf(text),
      relax_column_count: true,
      max_record_size: 100_000,
      to: sheetLimits.rows * 2,
    });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const { lines } = error as { lines?: unknown };
    return unreadable("not_csv", String(lines ?? 1));
  }
}

/** The sign that parts the most cells of the first line. */
function delimiterOf(text: string): string {
  const line = (/^\s*(?:"[^"]*"|[^"\r\n])*/.exec(text)?.[0] ?? "").replace(/"[^"]*"/g, "");
  const counted = [",", ";", "\t"].map((sign) => ({ sign, count: line.split(sign).length }));
  return counted.reduce((best, one) => (one.count > best.count ? one : best)).sign;
}
