import type { ErpPayment } from "../connector.ts";
import type { Environment } from "./environment.ts";
import { quoted, type Row } from "./odata.ts";

export interface JournalLine {
  batch: string;
  /** As F&O wrote it: a decimal. */
  lineNumber: string;
}

/**
 * What an earlier try left behind. The line is looked for by its reference, then through the journal
 * that carries the same words: the reference field may be shorter than ours and cut it off.
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

  const [journal] = await odata.list({
    set: "CustomerPaymentJournalHeaders",
    filter: `${company} and Description eq ${quoted(payment.externalId)}`,
    select: ["JournalBatchNumber"],
    signal,
  });
  if (!journal) return { line: null, emptyJournal: null };
  const batch = String(journal.JournalBatchNumber);
  const [byJournal] = await lines(`JournalBatchNumber eq ${quoted(batch)}`);
  return byJournal ? { line: toLine(byJournal), emptyJournal: null } : { line: null, emptyJournal: batch };
}

const toLine = (row: Row): JournalLine => ({
  batch: String(row.JournalBatchNumber),
  lineNumber: String(row.LineNumber),
});
