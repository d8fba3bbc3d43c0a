import { fromDecimal } from "../../money/money.ts";
import { type ErpAccount, ErpError, type ErpInvoice } from "../connector.ts";
import { readTogether } from "../transport/read-together.ts";
import { sortOut } from "../transport/sort-out.ts";
import { type Account, baseCurrency } from "./account.ts";
import { internalId, type SuiteQuery, suiteql } from "./literals.ts";

type Row = Record<string, string>;

/** The customer and what they owe. Rows that cannot be read are withheld. @throws ErpError */
export async function openInvoices(
  account: Account,
  { customerId, signal }: { customerId: string; signal: AbortSignal },
): Promise<ErpAccount> {
  const id = internalId(customerId);
  if (id === null) throw new ErpError("not_found", "not an internal customer id");
  const [[customer], rows] = await readTogether(signal, [
    (signal) => account.ask({ query: customerQuery(id), signal }),
    (signal) => invoicesOf(account, { customer: id, signal }),
  ]);
  if (!customer) throw new ErpError("not_found", `no customer ${customerId}`);
  const { good: invoices, bad: withheld } = sortOut(rows, toInvoice, ({ tranid, id }) => tranid ?? id ?? "?");
  return {
    customer: {
      id: customerId,
      name: customer.companyname ?? customer.entityid ?? customerId,
      email: customer.email ?? null,
    },
    invoices,
    withheld,
  };
}

const customerQuery = (id: bigint): SuiteQuery =>
  suiteql`SELECT c.id, c.entityid, c.companyname, c.email FROM customer c WHERE c.id = ${id}`;

/** Rows of open invoices, each with its `symbol`. */
export function invoicesOf(
  account: Account,
  { customer, signal }: { customer: bigint; signal: AbortSignal },
): Promise<Row[]> {
  const { ask, features } = account;
  return features.without(["currency"], async () => {
    if (features.has("currency")) {
      return ask({ query: invoicesQuery(customer, suiteql`c.symbol,`, currencyOf), signal });
    }
    const symbol = baseCurrency(account);
    const rows = await ask({ query: invoicesQuery(customer, suiteql``, suiteql``), signal });
    return rows.map((row) => ({ ...row, symbol }));
  });
}

// Currencies are internal ids unless joined.
const currencyOf = suiteql`JOIN currency c ON c.id = t.currency`;

// Dates come in the user's own format unless asked for in ours.
const invoicesQuery = (customer: bigint, symbol: SuiteQuery, joined: SuiteQuery) => suiteql`
  SELECT t.id, t.tranid, ${symbol} TO_CHAR(t.trandate, 'YYYY-MM-DD') AS issued,
    TO_CHAR(t.duedate, 'YYYY-MM-DD') AS due, t.foreigntotal, t.foreignamountunpaid
  FROM transaction t ${joined}
  WHERE t.type = 'CustInvc' AND t.foreignamountunpaid > 0 AND t.posting = 'T' AND t.voided = 'F'
    AND t.entity = ${customer}
  ORDER BY t.duedate, t.id`;

function toInvoice(row: Row): ErpInvoice {
  const { id, tranid, symbol = "", issued, due, foreigntotal, foreignamountunpaid } = row;
  if (!id || !tranid || !issued || !foreigntotal || !foreignamountunpaid || !/^[A-Z]{3}$/.test(symbol)) {
    throw new ErpError("protocol", "it lacks a field");
  }
  return {
    id,
    number: tranid,
    currency: symbol,
    totalMinor: fromDecimal(foreigntotal, symbol),
    openMinor: fromDecimal(foreignamountunpaid, symbol),
    issuedOn: issued,
    // Terms may be empty: due at once.
    dueOn: due ?? issued,
  };
}
