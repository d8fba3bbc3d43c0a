import type { ErpPayment } from "../connector.ts";
import type { Environment } from "./environment.ts";
import { quoted, type Row } from "./odata.ts";

export interface JournalLine {
  batch: string;
  /** As F&O wrote it: a decimal. */
  lineNumber: string;
}

/**
 * What an earlier try left behind. The line is looked for by its reference, then through the journals
 * that carry the same words: the reference field may be shorter than ours and cut it off.
 */
export async function findEarlier(
  { odata, config }: Environment,
  { payment, signal }: { payment: ErpPayment; signal: AbortSignal },
): Promise<{ line: JournalLine | null; emptyJournal: string | null }> {
  const company = `dataAreaId eq ${quoted(config.company)}`;
  const lines = (filter: string) =>
    odata.list({
      set: "CustomerPaymentJournalLines",
      filter: `${company} and ${filter}`,
      select: ["JournalBatchNumber", "LineNumber"],
      signal,
    });

  const [byReference] = await lines(`PaymentReference eq ${quoted(payment.externalId)}`);
  if (byReference) return { line: toLine(byReference), emptyJournal: null };

  // More than one, when the answer about the first came after it had been looked for in vain.
  const journals = await odata.list({
    set: "CustomerPaymentJournalHeaders",
    filter: `${company} and Description eq ${quoted(payment.externalId)}`,
    select: ["JournalBatchNumber"],
    signal,
  });
  const batches = journals.map((journal) => String(journal.JournalBatchNumber));
  for (const batch of batches) {
    const [byJournal] = await lines(`JournalBatchNumber eq ${quoted(batch)}`);
    if (byJournal) return { line: toLine(byJournal), emptyJournal: null };
  }
  return { line: null, emptyJournal: batches[0] ?? null };
}

const toLine = (row: Row): JournalLine => ({
  batch: String(row.JournalBatchNumber),
  lineNumber: String(row.LineNumber),
});
