import type { TransactionSql } from "postgres";
import { writeFailed } from "../errors.ts";

/**
 * Marking an invoice for settlement: it must be the same customer's, in the same currency, and open.
 * @returns what is left of it, decimal text. @throws ODataError
 */
export async function openInvoice(
  tx: TransactionSql,
  wanted: { company: string; account: string; invoice: string; currency: string },
  entity: string,
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
  return row.open;
}
