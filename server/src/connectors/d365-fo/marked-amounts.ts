import { fromDecimal } from "../../money/money.ts";
import { displayValue } from "./display-value.ts";
import type { Environment } from "./environment.ts";
import { quoted, type Row } from "./odata.ts";

/** Journals asked about in one request: the address must stay short. */
const journalsAtOnce = 40;

/** By invoice number. */
interface Marks {
  marked: Map<string, bigint>;
  /** Why what is marked cannot be told: such an invoice may be paid already. */
  unclear: Map<string, string>;
}

/**
 * Minor units by invoice number that the company's journals hold for this customer and have not posted
 * yet. Whatever their name: the setting may have been another when a payment was recorded.
 */
export async function markedAmounts(
  environment: Environment,
  input: { customerId: string; signal: AbortSignal },
): Promise<Marks> {
  const { odata, config } = environment;
  const company = `dataAreaId eq ${quoted(config.company)}`;
  const journals = await odata.list({
    set: "CustomerPaymentJournalHeaders",
    filter: `${company} and IsPosted eq Microsoft.Dynamics.DataEntities.NoYes'No'`,
    select: ["JournalBatchNumber"],
    signal: input.signal,
  });
  const marks: Marks = { marked: new Map(), unclear: new Map() };
  for (const some of chunks(journals.map(batchOf), journalsAtOnce)) {
    const lines = await odata.list({
      set: "CustomerPaymentJournalLines",
      filter: `${company} and AccountDisplayValue eq ${quoted(displayValue(input.customerId))} and (${anyBatch(some)})`,
      select: ["JournalBatchNumber", "LineNumber", "CreditAmount", "CurrencyCode", "MarkedInvoice"],
      signal: input.signal,
    });
    for (const line of lines) if (line.MarkedInvoice) add(marks, line.MarkedInvoice, line.CreditAmount, line);
    const several = lines.filter((line) => !line.MarkedInvoice);
    if (several.length === 0) continue;
    // A journal that a person made has lines of other customers too.
    const ours = new Map(several.map((line) => [keyOf(line, line.LineNumber), line]));
    const settled = await odata.list({
      set: "PaymentJournalLineSettledInvoices",
      filter: `JournalLineCompany eq ${quoted(config.company)} and (${anyBatch([...new Set(several.map(batchOf))])})`,
      signal: input.signal,
    });
    for (const row of settled) {
      const line = ours.get(keyOf(row, row.JournalLineNumber));
      if (line) add(marks, row.InvoiceNumber, row.SettlementAmountInInvoiceCurrency, line);
    }
  }
  return marks;
}

function add({ marked, unclear }: Marks, invoice: unknown, amount: unknown, line: Row): void {
  const number = String(invoice);
  try {
    const amountMinor = fromDecimal(String(amount), String(line.CurrencyCode));
    // What a person takes back there is owed once it is posted, not before.
    if (amountMinor > 0n) marked.set(number, (marked.get(number) ?? 0n) + amountMinor);
  } catch (error) {
    unclear.set(number, `journal ${batchOf(line)}: ${(error as Error).message}`);
  }
}

const batchOf = (row: Row): string => String(row.JournalBatchNumber);
/** The number as a number: F&O may write one decimal in two ways. */
const keyOf = (row: Row, lineNumber: unknown): string => `${batchOf(row)} ${Number(lineNumber)}`;

const anyBatch = (batches: string[]): string =>
  batches.map((batch) => `JournalBatchNumber eq ${quoted(batch)}`).join(" or ");

function chunks<T>(all: T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, i) => all.slice(i * size, (i + 1) * size));
}
