import { fromDecimal } from "../../money/money.ts";
import { ErpError } from "../connector.ts";
import { displayValue } from "./display-value.ts";
import type { Environment } from "./environment.ts";
import { quoted, type Row } from "./odata.ts";

/** Journals asked about in one request: the address must stay short. */
const journalsAtOnce = 40;

/** Minor units by invoice number that journals of ours hold for this customer and have not posted yet. */
export async function markedAmounts(
  environment: Environment,
  input: { customerId: string; signal: AbortSignal },
): Promise<Map<string, bigint>> {
  const { odata, config } = environment;
  const company = `dataAreaId eq ${quoted(config.company)}`;
  const journals = await odata.list({
    set: "CustomerPaymentJournalHeaders",
    filter:
      `${company} and JournalName eq ${quoted(config.journalName)} ` +
      "and IsPosted eq Microsoft.Dynamics.DataEntities.NoYes'No'",
    select: ["JournalBatchNumber"],
    signal: input.signal,
  });
  const marked = new Map<string, bigint>();
  for (const some of chunks(journals.map(batchOf), journalsAtOnce)) {
    const lines = await odata.list({
      set: "CustomerPaymentJournalLines",
      filter: `${company} and AccountDisplayValue eq ${quoted(displayValue(input.customerId))} and (${anyBatch(some)})`,
      select: ["JournalBatchNumber", "CreditAmount", "CurrencyCode", "MarkedInvoice"],
      signal: input.signal,
    });
    for (const line of lines)
      if (line.MarkedInvoice) add(marked, line.MarkedInvoice, line.CreditAmount, line);
    const several = lines.filter((line) => !line.MarkedInvoice);
    if (several.length === 0) continue;
    const currencies = new Map(several.map((line) => [batchOf(line), line]));
    const settled = await odata.list({
      set: "PaymentJournalLineSettledInvoices",
      filter: `JournalLineCompany eq ${quoted(config.company)} and (${anyBatch([...currencies.keys()])})`,
      signal: input.signal,
    });
    for (const row of settled) {
      const line = currencies.get(batchOf(row));
      if (line) add(marked, row.InvoiceNumber, row.SettlementAmountInInvoiceCurrency, line);
    }
  }
  return marked;
}

function add(marked: Map<string, bigint>, invoice: unknown, amount: unknown, line: Row): void {
  const number = String(invoice);
  try {
    const amountMinor = fromDecimal(String(amount), String(line.CurrencyCode));
    marked.set(number, (marked.get(number) ?? 0n) + amountMinor);
  } catch (cause) {
    throw new ErpError("protocol", `journal ${batchOf(line)}: ${(cause as Error).message}`, { cause });
  }
}

const batchOf = (row: Row): string => String(row.JournalBatchNumber);

const anyBatch = (batches: string[]): string =>
  batches.map((batch) => `JournalBatchNumber eq ${quoted(batch)}`).join(" or ");

function chunks<T>(all: T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, i) => all.slice(i * size, (i + 1) * size));
}
