import { fromDecimal } from "../../money/money.ts";
import { displayValue } from "./display-value.ts";
import { type Environment, inCompany } from "./environment.ts";
import { anyBatch, odata } from "./literals.ts";
import type { Row } from "./odata.ts";

/** What journals that are not posted yet will settle of one invoice. */
export interface Mark {
  amountMinor: bigint;
  /** Batch numbers. One is the rule: F&O lets nobody else mark it meanwhile. */
  journals: string[];
  /** Why the amount is not to be trusted; null: it is. */
  unclear: string | null;
}

export interface Marks {
  byInvoice: Map<string, Mark>;
  /** Currency → the journal in which several of its invoices are marked, nobody knows which. */
  unknownIn: Map<string, string>;
  /** There are lines that concern them, posted ones included: what was read of the ledger before may have changed. */
  looked: boolean;
}

/** Journals asked about in one request: the address must stay short. */
const journalsAtOnce = 40;

const lineFields = [
  ...["JournalBatchNumber", "LineNumber", "CreditAmount", "CurrencyCode"],
  ...["MarkedInvoice", "MarkedInvoiceCompany"],
];

/**
 * The marks on these invoices in the company's payment journals, whatever their name: the setting may have been
 * another when a payment was recorded.
 */
export async function marksOf(
  environment: Environment,
  input: { customerId: string; numbers: ReadonlySet<string>; signal: AbortSignal },
): Promise<Marks> {
  const { numbers, signal } = input;
  const all = await environment.odata.list({
    set: "CustomerPaymentJournalLines",
    filter: odata`${inCompany(environment)} and AccountDisplayValue eq ${displayValue(input.customerId)}`,
    select: lineFields,
    signal,
  });
  const lines = all.filter((line) => saysNotWhich(line) || numbers.has(String(line.MarkedInvoice)));
  const marks: Marks = { byInvoice: new Map(), unknownIn: new Map(), looked: lines.length > 0 };
  for (const batches of chunks([...new Set(lines.map(batchOf))], journalsAtOnce)) {
    const open = await openOf(environment, { batches, signal });
    const here = lines.filter((line) => open.has(batchOf(line)));
    if (here.length > 0) await collect(marks, environment, { lines: here, batches: [...open], signal });
  }
  return marks;
}

/** Those of the journals that are not posted. Compared here: F&O answers a filter by `IsPosted` with nothing. */
async function openOf(
  environment: Environment,
  { batches, signal }: { batches: string[]; signal: AbortSignal },
): Promise<Set<string>> {
  const headers = await environment.odata.list({
    set: "CustomerPaymentJournalHeaders",
    filter: odata`${inCompany(environment)} and ${anyBatch(batches)}`,
    select: ["JournalBatchNumber", "IsPosted"],
    signal,
  });
  return new Set(headers.filter((header) => header.IsPosted !== "Yes").map(batchOf));
}

/** The settled invoices say which and how much, and win over the line; without any the line says it. */
async function collect(
  marks: Marks,
  { odata: service, config }: Environment,
  { lines, batches, signal }: { lines: Row[]; batches: string[]; signal: AbortSignal },
): Promise<void> {
  const settled = await service.list({
    set: "PaymentJournalLineSettledInvoices",
    filter: odata`JournalLineCompany eq ${config.company} and ${anyBatch(batches)}`,
    signal,
  });
  const ours = (company: unknown) =>
    !company || String(company).toLowerCase() === config.company.toLowerCase();
  for (const line of lines) {
    const rows = settled.filter((row) => keyOf(row, row.JournalLineNumber) === keyOf(line, line.LineNumber));
    for (const row of rows.filter(({ InvoiceCompany: company }) => ours(company))) {
      add(marks, line, { invoice: row.InvoiceNumber, amount: row.SettlementAmountInInvoiceCurrency });
    }
    if (rows.length > 0) continue;
    if (line.MarkedInvoice === "*") marks.unknownIn.set(String(line.CurrencyCode), batchOf(line));
    else if (line.MarkedInvoice && ours(line.MarkedInvoiceCompany)) {
      add(marks, line, { invoice: line.MarkedInvoice, amount: line.CreditAmount });
    }
  }
}

function add(
  { byInvoice }: Marks,
  line: Row,
  { invoice, amount }: { invoice: unknown; amount: unknown },
): void {
  const number = String(invoice);
  const mark = byInvoice.get(number) ?? { amountMinor: 0n, journals: [], unclear: null };
  byInvoice.set(number, mark);
  if (!mark.journals.includes(batchOf(line))) mark.journals.push(batchOf(line));
  try {
    const amountMinor = fromDecimal(String(amount), String(line.CurrencyCode));
    // What a person takes back there is owed once it is posted, not before.
    if (amountMinor > 0n) mark.amountMinor += amountMinor;
  } catch (error) {
    mark.unclear = `journal ${batchOf(line)}: ${(error as Error).message}`;
  }
}

/** Several are marked, or none: the line alone does not tell. */
const saysNotWhich = ({ MarkedInvoice: invoice }: Row): boolean => !invoice || invoice === "*";
const batchOf = (row: Row): string => String(row.JournalBatchNumber);
/** The number as a number: F&O may write one decimal in two ways. */
const keyOf = (row: Row, lineNumber: unknown): string => `${batchOf(row)} ${Number(lineNumber)}`;

function chunks<T>(all: T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, i) => all.slice(i * size, (i + 1) * size));
}
