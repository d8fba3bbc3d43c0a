import { readAddresses } from "../../email/read-addresses.ts";
import { isCurrency } from "../../money/iso-4217.ts";
import { plainName } from "../erp-names.ts";
import { isDate, isName, longest } from "../usable-records.ts";
import type { EnteredField, EnteredInvoice, TypedRow } from "./entered-invoice.ts";
import type { EntryFault, EntryFaultCode } from "./entry-fault.ts";
import { readAmount } from "./read-amount.ts";

/** Of an id or a number: payers pay by it (`ForeignId`). */
const mostCharacters = 120;

/**
 * Reads a row as it was typed, by hand or in a file: the invoice, or everything that is wrong with it. A due date that
 * is not given is the invoice's own, an id its number. Pure.
 */
export function readRow(
  typed: TypedRow,
  row: number,
): { kind: "invoice"; invoice: EnteredInvoice } | { kind: "faults"; faults: EntryFault[] } {
  const faults: EntryFault[] = [];
  const wrong = (field: EnteredField, code: EntryFaultCode, values: Record<string, string>) => {
    const short = Object.entries(values).map(([name, value]) => [name, value.slice(0, 200)] as const);
    faults.push({ row, field, code, values: Object.fromEntries(short) });
    return "";
  };
  const given = (field: EnteredField) => typed[field]?.trim() ?? "";
  const name = (field: EnteredField, value: string) => {
    if (value === "") return wrong(field, "missing", {});
    return isName(value, mostCharacters) ? value : wrong(field, "not_text", { value });
  };
  const date = (field: EnteredField, value: string) => {
    const read = readDate(value);
    return read.kind === "date" ? read.date : wrong(field, read.code, { value });
  };

  const number = name("number", given("number"));
  const id = given("id") === "" ? number : name("id", given("id"));
  const customerId = name("customerId", given("customerId"));
  const customerName = given("customerName") === "" ? null : plainName(given("customerName"), customerId);
  const email = given("customerEmail") || null;
  if (email !== null && (email.length > longest.email || readAddresses(email).bad.length > 0)) {
    wrong("customerEmail", "not_an_email", { value: email });
  }
  const currency = given("currency").toUpperCase();
  if (currency === "") wrong("currency", "missing", {});
  else if (!isCurrency(currency)) wrong("currency", "not_a_currency", { value: currency });
  let totalMinor = 0n;
  if (given("total") === "") wrong("total", "missing", {});
  else if (isCurrency(currency)) {
    const read = readAmount(given("total"), currency);
    if (read.kind === "amount") totalMinor = read.amountMinor;
    else wrong("total", read.code, read.values);
  }
  const issuedOn =
    given("issuedOn") === "" ? wrong("issuedOn", "missing", {}) : date("issuedOn", given("issuedOn"));
  const dueOn = given("dueOn") === "" ? issuedOn : date("dueOn", given("dueOn"));
  if (issuedOn && dueOn && dueOn < issuedOn)
    wrong("dueOn", "due_before_issued", { value: dueOn, issued: issuedOn });
  if (faults.length > 0) return { kind: "faults", faults };
  const customer = { id: customerId, name: customerName, email };
  return { kind: "invoice", invoice: { row, id, number, customer, currency, totalMinor, issuedOn, dueOn } };
}

/** `2026-01-31`, `2026/01/31` and `31.1.2026` have one reading each; `1/2/2026` has two. */
function readDate(typed: string): { kind: "date"; date: string } | { kind: "fault"; code: EntryFaultCode } {
  if (/^\d{1,2}[/-]\d{1,2}[/-]\d{4}$/.test(typed)) return { kind: "fault", code: "ambiguous_date" };
  const [, day = "", month = "", year = ""] = /^(\d{1,2})\.(\d{1,2})\.(\d{4})$/.exec(typed) ?? [];
  const date = year
    ? `${year}-${month.padStart(2, "0")}-${day.padStart(2, "0")}`
    : typed.replace(/^(\d{4})\/(\d\d)\/(\d\d)$/, "$1-$2-$3");
  // What ERPs have in place of none is no date either.
  return isDate(date) && date >= "1970-01-01"
    ? { kind: "date", date }
    : { kind: "fault", code: "not_a_date" };
}
