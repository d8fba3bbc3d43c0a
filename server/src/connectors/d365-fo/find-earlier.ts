import type { ErpPayment } from "../connector.ts";
import { type Environment, inCompany } from "./environment.ts";
import { anyBatch, type Filter, odata } from "./literals.ts";
import type { Row } from "./odata.ts";

interface Wanted {
  payment: ErpPayment;
  signal: AbortSignal;
}

export interface JournalLine {
  batch: string;
  lineNumber: number;
  posted: boolean;
}

/** What earlier tries left behind. */
export interface Earlier {
  /** The journals, in order. */
  batches: string[];
  /** One of them that can still be written to. */
  open: string | null;
  /** Invoice number → the line that marks it. */
  marked: Map<string, JournalLine>;
  /** Lines of ours that mark nothing. */
  unmarked: JournalLine[];
}

const lineFields = ["JournalBatchNumber", "LineNumber", "MarkedInvoice"];

/**
 * Lines are looked for by their reference, and in the journals that carry the same words: the reference field may be
 * shorter than ours and cut it off. @throws ErpError
 */
export async function findEarlier(environment: Environment, wanted: Wanted): Promise<Earlier> {
  const lines = await linesOf(environment, wanted);
  const described = await headersOf(environment, wanted, odata`Description eq ${wanted.payment.externalId}`);
  const elsewhere = [...new Set(lines.map(batchOf))].filter((batch) => !described.has(batch));
  const others =
    elsewhere.length > 0
      ? await headersOf(environment, wanted, anyBatch(elsewhere))
      : new Map<string, boolean>();
  const headers = new Map([...described, ...others]);
  if (described.size > 0) lines.push(...(await linesIn(environment, wanted, [...described.keys()])));

  const earlier: Earlier = {
    batches: [...headers.keys()].toSorted(),
    open: [...headers].find(([, posted]) => !posted)?.[0] ?? null,
    marked: new Map(),
    unmarked: [],
  };
  const known = new Map(lines.map((row) => [keyOf(row), row]));
  for (const row of known.values()) {
    const batch = batchOf(row);
    const line = { batch, lineNumber: Number(row.LineNumber), posted: headers.get(batch) ?? false };
    const invoices = await invoicesOf(environment, wanted, { row, line });
    for (const invoice of invoices) earlier.marked.set(invoice, line);
    if (invoices.length === 0) earlier.unmarked.push(line);
  }
  return earlier;
}

function linesOf(environment: Environment, { payment, signal }: Wanted): Promise<Row[]> {
  return environment.odata.list({
    set: "CustomerPaymentJournalLines",
    filter: odata`${inCompany(environment)} and PaymentReference eq ${payment.externalId}`,
    select: lineFields,
    signal,
  });
}

function linesIn(environment: Environment, { signal }: Wanted, batches: string[]): Promise<Row[]> {
  return environment.odata.list({
    set: "CustomerPaymentJournalLines",
    filter: odata`${inCompany(environment)} and ${anyBatch(batches)}`,
    select: lineFields,
    signal,
  });
}

/** Batch number → is it posted. */
async function headersOf(
  environment: Environment,
  { signal }: Wanted,
  which: Filter,
): Promise<Map<string, boolean>> {
  const rows = await environment.odata.list({
    set: "CustomerPaymentJournalHeaders",
    filter: odata`${inCompany(environment)} and ${which}`,
    select: ["JournalBatchNumber", "IsPosted"],
    signal,
  });
  return new Map(rows.map((row) => [batchOf(row), row.IsPosted === "Yes"]));
}

/** What the line marks. An asterisk stands for several, which its settled invoices name. */
async function invoicesOf(
  { odata: service, config }: Environment,
  { signal }: Wanted,
  { row, line }: { row: Row; line: JournalLine },
): Promise<string[]> {
  if (row.MarkedInvoice && row.MarkedInvoice !== "*") return [String(row.MarkedInvoice)];
  const settled = await service.list({
    set: "PaymentJournalLineSettledInvoices",
    filter: odata`JournalLineCompany eq ${config.company} and ${anyBatch([line.batch])}`,
    select: ["JournalLineNumber", "InvoiceNumber"],
    signal,
  });
  return settled
    .filter(({ JournalLineNumber: number }) => Number(number) === line.lineNumber)
    .map(({ InvoiceNumber: invoice }) => String(invoice));
}

const batchOf = (row: Row): string => String(row.JournalBatchNumber);
const keyOf = (row: Row): string => `${batchOf(row)} ${Number(row.LineNumber)}`;
