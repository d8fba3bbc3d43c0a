import type { TransactionSql } from "postgres";
import { writeFailed } from "../errors.ts";

interface Wanted {
  company: string;
  account: string;
  invoice: string;
  currency: string;
}

/**
 * Marking an invoice for settlement: it must be the same customer's, in the same currency, open, and marked by
 * nobody else.
 * @returns what is left of it, decimal text. @throws ODataError
 */
export async function openInvoice(
  tx: TransactionSql,
  wanted: Wanted,
  entity: string,
  self: { batch: string; line: number } = { batch: "", line: 0 },
): Promise<string> {
  const [row] = await tx<{ open: string; currency: string }[]>`
    select (amount - settled)::text as open, currency from fo.cust_trans
    where company = ${wanted.company} and account = ${wanted.account} and invoice = ${wanted.invoice} and type = 'Sales'`;
  if (!row)
    throw writeFailed(entity, `Invoice ${wanted.invoice} was not found for customer ${wanted.account}`);
  if (row.currency !== wanted.currency) {
    throw writeFailed(entity, `Invoice ${wanted.invoice} is in ${row.currency}, not in ${wanted.currency}`);
  }
  if (Number(row.open) <= 0) throw writeFailed(entity, `Invoice ${wanted.invoice} has been settled`);
  const blocking = await blockingJournal(tx, wanted, self);
  if (blocking) {
    throw writeFailed(
      entity,
      `This transaction has been marked for settlement by ${blocking.words} ${blocking.batch} in company ${wanted.company}`,
    );
  }
  return row.open;
}

/** The journal, not posted yet, in which a line other than ours has marked it: one may, whatever the amount. */
async function blockingJournal(
  tx: TransactionSql,
  { company, invoice }: Wanted,
  self: { batch: string; line: number },
): Promise<{ batch: string; words: string } | undefined> {
  const [row] = await tx<{ batch: string; words: string }[]>`
    select h.batch, coalesce(nullif(h.description, ''), h.journal_name) as words
    from fo.journal_headers h join fo.journal_lines l on (l.company, l.batch) = (h.company, h.batch)
    where h.company = ${company} and h.posted_at is null and (l.batch, l.line) <> (${self.batch}, ${self.line})
      and (l.marked_invoice = ${invoice} or exists (
        select from fo.marked_invoices m
        where (m.company, m.batch, m.line) = (l.company, l.batch, l.line) and m.invoice = ${invoice}))
    limit 1`;
  return row;
}
