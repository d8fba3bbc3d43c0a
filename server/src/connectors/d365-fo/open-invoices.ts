import { fromDecimal } from "../../money/money.ts";
import { type ErpAccount, ErpError, type ErpInvoice } from "../connector.ts";
import { sortOut } from "../transport/sort-out.ts";
import { type Environment, inCompany } from "./environment.ts";
import { odata } from "./literals.ts";
import { type Marks, marksOf } from "./marks.ts";
import type { Row } from "./odata.ts";

interface Asked {
  customerId: string;
  signal: AbortSignal;
}

/** What is open in the ledger, and what could not be read of it. */
type Booked = Required<Omit<ErpAccount, "customer">>;

/** What invoices are booked as: from sales orders, free text or journals, and projects. */
const invoiceTypes = new Set(["Sales", "Cust", "Project"]);

const fields = [
  ...["SourceKey", "Invoice", "CurrencyCode", "AmountCur", "SettleAmountCur"],
  ...["TransDate", "DueDate", "TransType"],
];

/**
 * Open invoices, less what journals that are not posted yet will settle. F&O lowers a balance only when a journal is
 * posted, by a job of its own; until then the invoice would look payable again.
 */
export async function openInvoices(
  environment: Environment,
  input: Asked,
): Promise<Booked & { marks: Marks }> {
  const { booked, marks } = await readMarked(environment, input);
  const left = new Map([...marks.byInvoice].map(([number, { amountMinor }]) => [number, amountMinor]));
  const withheld = [...booked.withheld];
  const invoices = booked.invoices.flatMap((invoice) => {
    const { number, currency, openMinor } = invoice;
    const several = marks.unknownIn.get(currency);
    const unclear =
      marks.byInvoice.get(number)?.unclear ??
      (several ? `journal ${several} marks several invoices and does not say which` : null);
    if (unclear) {
      withheld.push({ number, why: unclear });
      return [];
    }
    // Of two invoices of one number the older is settled first.
    const taken = minimum(left.get(number) ?? 0n, openMinor);
    left.set(number, (left.get(number) ?? 0n) - taken);
    return openMinor > taken ? [{ ...invoice, openMinor: openMinor - taken }] : [];
  });
  return { invoices, withheld, marks };
}

/**
 * The ledger and the marks on it, so that a journal posted in between counts twice rather than not at all: that hides
 * money owed for a moment, where the other would offer a paid invoice again.
 */
async function readMarked(environment: Environment, input: Asked): Promise<{ booked: Booked; marks: Marks }> {
  const before = await bookedInvoices(environment, input);
  const numbers = new Set([...before.invoices, ...before.withheld].map(({ number }) => number));
  const marks = await marksOf(environment, { ...input, numbers });
  // Without a line there was no journal that could have been posted since.
  if (!marks.looked) return { booked: before, marks };
  const { invoices, withheld } = await bookedInvoices(environment, input);
  // Of one that was booked in between the marks are not known.
  return { booked: { invoices: invoices.filter(({ number }) => numbers.has(number)), withheld }, marks };
}

/** The customer's invoices with a balance in the ledger, by due date. @throws ErpError */
async function bookedInvoices(environment: Environment, input: Asked): Promise<Booked> {
  const rows = await environment.odata.list({
    set: "CustTransBiEntities",
    // An empty date is 1900-01-01, at noon or not: what is closed was closed later.
    filter: odata`${inCompany(environment)} and AccountNum eq ${input.customerId} and Closed lt 1900-01-02T00:00:00Z`,
    select: fields,
    signal: input.signal,
  });
  const invoices = rows.filter((row) => invoiceTypes.has(String(row.TransType)) && Boolean(row.Invoice));
  const { good, bad } = sortOut(invoices, toInvoice, ({ Invoice }) => String(Invoice));
  return {
    invoices: good
      .filter((invoice) => invoice.openMinor > 0n)
      .sort((a, b) => compare(a.dueOn, b.dueOn) || compare(a.number, b.number)),
    withheld: bad,
  };
}

function toInvoice(row: Row): ErpInvoice {
  const text = (name: string): string => {
    const value = row[name];
    if (typeof value !== "string") throw new ErpError("protocol", `it lacks ${name}`);
    return value;
  };
  const currency = text("CurrencyCode");
  const totalMinor = fromDecimal(text("AmountCur"), currency);
  return {
    id: text("SourceKey"),
    number: text("Invoice"),
    currency,
    totalMinor,
    openMinor: totalMinor - fromDecimal(text("SettleAmountCur"), currency),
    issuedOn: text("TransDate").slice(0, 10),
    dueOn: text("DueDate").slice(0, 10),
  };
}

const minimum = (a: bigint, b: bigint) => (a < b ? a : b);
const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
