import { fromDecimal } from "../../money/money.ts";
import { ErpError, type ErpInvoice } from "../connector.ts";
import type { Environment } from "./environment.ts";
import { markedAmounts } from "./marked-amounts.ts";
import { quoted, type Row } from "./odata.ts";

interface Asked {
  customerId: string;
  signal: AbortSignal;
}

/** What invoices are booked as: from sales orders, free text or journals, and projects. */
const invoiceTypes = new Set(["Sales", "Cust", "Project"]);

const fields = [
  ...["SourceKey", "Invoice", "CurrencyCode", "AmountCur", "SettleAmountCur"],
  ...["TransDate", "DueDate", "TransType"],
];

/**
 * Open invoices, less what journals that are not posted yet will settle. F&O lowers a balance only
 * when a journal is posted, by a job of its own; until then the invoice would look payable again.
 */
export async function openInvoices(environment: Environment, input: Asked): Promise<ErpInvoice[]> {
  // Journals first: one posted in between counts twice, which hides money owed for a moment, where
  // the other order would offer a paid invoice again.
  const marked = await markedAmounts(environment, input);
  const invoices = await bookedInvoices(environment, input);
  return invoices
    .map((invoice) => {
      const taken = minimum(marked.get(invoice.number) ?? 0n, invoice.openMinor);
      marked.set(invoice.number, (marked.get(invoice.number) ?? 0n) - taken);
      return { ...invoice, openMinor: invoice.openMinor - taken };
    })
    .filter((invoice) => invoice.openMinor > 0n);
}

/** The customer's invoices with a balance in the ledger, by due date. @throws ErpError */
export async function bookedInvoices(environment: Environment, input: Asked): Promise<ErpInvoice[]> {
  const { odata, config } = environment;
  const rows = await odata.list({
    set: "CustTransBiEntities",
    // An empty date is 1900-01-01, at noon or not: what is closed was closed later.
    filter:
      `dataAreaId eq ${quoted(config.company)} and AccountNum eq ${quoted(input.customerId)} ` +
      "and Closed lt 1900-01-02T00:00:00Z",
    select: fields,
    signal: input.signal,
  });
  return rows
    .filter((row) => invoiceTypes.has(String(row.TransType)) && Boolean(row.Invoice))
    .map(toInvoice)
    .filter((invoice) => invoice.openMinor > 0n)
    .sort((a, b) => compare(a.dueOn, b.dueOn) || compare(a.number, b.number));
}

function toInvoice(row: Row): ErpInvoice {
  const text = (name: string): string => {
    const value = row[name];
    if (typeof value !== "string") throw new ErpError("protocol", `a transaction lacks ${name}`);
    return value;
  };
  const id = text("SourceKey");
  const currency = text("CurrencyCode");
  try {
    const totalMinor = fromDecimal(text("AmountCur"), currency);
    return {
      id,
      number: text("Invoice"),
      currency,
      totalMinor,
      openMinor: totalMinor - fromDecimal(text("SettleAmountCur"), currency),
      issuedOn: text("TransDate").slice(0, 10),
      dueOn: text("DueDate").slice(0, 10),
    };
  } catch (cause) {
    if (cause instanceof ErpError) throw cause;
    throw new ErpError("protocol", `transaction ${id}: ${(cause as Error).message}`, { cause });
  }
}

const minimum = (a: bigint, b: bigint) => (a < b ? a : b);
const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
