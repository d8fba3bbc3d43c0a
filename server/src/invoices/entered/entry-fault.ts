import type { EnteredField } from "./entered-invoice.ts";

/**
 * Why a row cannot be entered, `{value}` being what was typed. Pages have these in their own languages; the command line
 * has them as they are.
 */
export const entryFaultWords = {
  missing: "is missing",
  not_text: "{value} is too long, or holds line breaks or signs that are no text",
  not_an_email: "{value} is no e-mail address",
  not_a_currency: "{value} is no currency of ISO 4217, such as USD",
  not_an_amount: "{value} is no amount: write it like 1250.50",
  ambiguous_amount: "{value} can be read in two ways: write {whole} or {decimal}",
  too_precise: "{value} has more decimals than {currency} knows",
  negative: "{value} is less than nothing",
  too_large: "{value} is too much",
  not_a_date: "{value} is no date: write it like 2026-01-31",
  ambiguous_date: "{value} can be read in two ways: write it like 2026-01-31",
  due_before_issued: "{value} is before the invoice's date, {issued}",
  duplicate: "{value} stands in row {other} already",
  customer_differs: "row {other} says {value} of the same customer",
  other_customer: "the invoice is customer {value}'s",
  other_currency: "the invoice is in {value}, and stays so",
  below_paid: "{value} is less than {least}, which is paid or being paid",
} as const;

export type EntryFaultCode = keyof typeof entryFaultWords;

export interface EntryFault {
  row: number;
  field: EnteredField;
  code: EntryFaultCode;
  /** What the words stand around. */
  values: Record<string, string>;
}

/** In English, for the command line and for whoever sends rows by program. */
export const wordsOf = ({ field, code, values }: EntryFault): string =>
  `${field}: ${entryFaultWords[code].replace(/\{(\w+)\}/g, (_, name: string) => JSON.stringify(values[name] ?? "").slice(1, -1))}`;
