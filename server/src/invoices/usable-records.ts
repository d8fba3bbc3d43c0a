import type { ErpAccount, ErpInvoice } from "../connectors/connector.ts";
import { readAddresses } from "../email/read-addresses.ts";
import { isCurrency } from "../money/iso-4217.ts";
import { plainName, plainNumber } from "./erp-names.ts";

/** What of the ERP's records cannot be used as it is. For the tenant: it may name a person. */
export interface RecordFault {
  kind: "invoice" | "email";
  /** The invoice's number, or the text in the e-mail field. */
  record: string;
  /** In words. */
  why: string;
}

export interface UsableRecords {
  customer: { name: string; email: string | null };
  invoices: ErpInvoice[];
  faults: RecordFault[];
}

/** Minor units an amount on the wire can carry: 18 digits. */
export const largestMinor = 10n ** 18n - 1n;
/** Characters; an index holds no key much longer, and no ERP has one. */
export const longest = { id: 200, number: 200, email: 4_000, record: 200, why: 300 };

/**
 * Parts what a connector read into what can be offered and stored, and what cannot: one bad record must cost no customer
 * the others. Holds for every connector, whatever it has looked at itself. Pure.
 */
export function usableRecords({ customer, invoices, withheld = [] }: ErpAccount): UsableRecords {
  const faults: RecordFault[] = withheld.map(({ number, why }) => ({ kind: "invoice", record: number, why }));
  const usable: ErpInvoice[] = [];
  for (const [id, alike] of Map.groupBy(invoices, ({ id }) => id)) {
    const different = alike.length > 1 ? [...new Map(alike.map((one) => [keyOf(one), one])).values()] : alike;
    for (const invoice of different) {
      const why = different.length > 1 ? `another record has the same id ${id}` : faultOf(invoice);
      if (why) faults.push({ kind: "invoice", record: invoice.number, why });
      else usable.push(withDueDate({ ...invoice, number: plainNumber(invoice.number, invoice.id) }));
    }
  }
  for (const record of readAddresses(customer.email ?? "").bad) {
    faults.push({ kind: "email", record, why: "it is no e-mail address: no receipt goes there" });
  }
  // Line breaks stay: they part addresses, or say that it is no list of them.
  const email = customer.email?.slice(0, longest.email).toWellFormed().replaceAll("\0", " ");
  return {
    customer: { name: plainName(customer.name, customer.id), email: email ?? null },
    invoices: usable,
    faults: onePerRecord(faults),
  };
}

const keyOf = (invoice: ErpInvoice): string =>
  JSON.stringify(invoice, (_, value) => (typeof value === "bigint" ? `${value}` : value));

/** Why an invoice cannot be offered; null: it can. */
function faultOf({
  id,
  number,
  currency,
  totalMinor,
  openMinor,
  issuedOn,
  dueOn,
}: ErpInvoice): string | null {
  if (!isName(id, longest.id)) return "its id is empty, too long or holds signs that are no text";
  if (!isName(number, longest.number)) return "its number is empty, too long or holds signs that are no text";
  if (!isCurrency(currency)) return `${currency || "it has none:"} is no currency of ISO 4217`;
  if (size(totalMinor) > largestMinor || size(openMinor) > largestMinor) return "its amount is too large";
  if (isNoDate(issuedOn) || !isDate(issuedOn)) return `its date of issue is none: ${issuedOn}`;
  if (!isNoDate(dueOn) && !isDate(dueOn)) return `its due date is none: ${dueOn}`;
  return null;
}

/** Terms may be empty: due at once. */
const withDueDate = (invoice: ErpInvoice): ErpInvoice =>
  isNoDate(invoice.dueOn) ? { ...invoice, dueOn: invoice.issuedOn } : invoice;

/** Empty, or what F&O (1900-01-01) and .NET (0001-01-01) have in its place. */
const isNoDate = (text: string): boolean => text === "" || text === "1900-01-01" || text === "0001-01-01";

/** `YYYY-MM-DD`, and a day that there is. */
export function isDate(text: string): boolean {
  const at = /^\d{4}-\d\d-\d\d$/.test(text) ? new Date(`${text}T00:00:00Z`) : null;
  return at !== null && !Number.isNaN(at.getTime()) && at.toISOString().startsWith(text);
}

const size = (amountMinor: bigint): bigint => (amountMinor < 0n ? -amountMinor : amountMinor);

/** Text of one line: it stands in keys, in lists and in what is posted back. */
export const isName = (text: string, most: number): boolean =>
  text.length > 0 && text.length <= most && storable(text) === text;

/** PostgreSQL holds no NUL and no half of a surrogate pair; nobody reads the other control characters. */
const storable = (text: string): string => text.toWellFormed().replace(/\p{Cc}+/gu, " ");

/** The table has one row for each; several without a number are one. */
function onePerRecord(faults: readonly RecordFault[]): RecordFault[] {
  const named = faults.map(({ kind, record, why }) => ({
    kind,
    record: storable(record).slice(0, longest.record).trim() || "?",
    why: storable(why).slice(0, longest.why),
  }));
  return [...Map.groupBy(named, ({ kind, record }) => `${kind} ${record}`).values()].flatMap((alike) => {
    const [first] = alike;
    if (!first) return [];
    return [alike.length > 1 ? { ...first, why: `${first.why} (${alike.length} records)` } : first];
  });
}
