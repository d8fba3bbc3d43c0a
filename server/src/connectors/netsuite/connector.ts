import { fromDecimal } from "../../money/money.ts";
import { type Connector, type ErpAccount, ErpError, type ErpInvoice } from "../connector.ts";
import { createErpClient } from "../transport/client.ts";
import type { SharedTurns } from "../transport/limiter.ts";
import { readTogether } from "../transport/read-together.ts";
import { sortOut } from "../transport/sort-out.ts";
import type { NetsuiteConfig } from "./config.ts";
import { postCustomerPayment } from "./customer-payment.ts";
import { createSuiteQL, type SuiteQL } from "./suiteql.ts";
import { assertionSigner } from "./token.ts";

/**
 * NetSuite over SuiteTalk REST: OAuth 2.0 client credentials, SuiteQL, `customerPayment`.
 * Keep one instance per tenant: the token lives in it, and who waits for a turn stands in line there.
 * @param privateKeyPem PKCS #8 PEM of the certificate registered for the integration
 */
export function createNetsuiteConnector(options: {
  config: NetsuiteConfig;
  privateKeyPem: string;
  /** Over all server processes. Default: this instance counts its requests alone. */
  turns?: SharedTurns;
  fetch?: typeof fetch;
}): Connector {
  const { config, privateKeyPem } = options;
  const fetcher = options.fetch ?? fetch;
  const client = createErpClient({
    fetch: fetcher,
    concurrency: config.concurrency,
    ...(options.turns && { turns: options.turns }),
    buyToken: assertionSigner({ config, privateKeyPem, fetch: fetcher }),
  });
  const suiteql = createSuiteQL({ client, baseUrl: config.baseUrl });
  const currencyId = currencyIds(suiteql);
  return {
    id: config.id,
    openInvoices: (input) => openInvoices(suiteql, input),
    postPayment: (input) => postCustomerPayment({ client, suiteql, config, currencyId }, input),
  };
}

const customerQuery = "SELECT c.id, c.entityid, c.companyname, c.email FROM customer c WHERE c.id = ?";

// Dates come in the user's own format unless asked for in ours; currencies are internal ids
// unless joined.
const invoicesQuery =
  "SELECT t.id, t.tranid, c.symbol, TO_CHAR(t.trandate, 'YYYY-MM-DD') AS issued, " +
  "TO_CHAR(t.duedate, 'YYYY-MM-DD') AS due, t.foreigntotal, t.foreignamountunpaid " +
  "FROM transaction t JOIN currency c ON c.id = t.currency " +
  "WHERE t.type = 'CustInvc' AND t.foreignamountunpaid > 0 AND t.posting = 'T' AND t.voided = 'F' " +
  "AND t.entity = ? ORDER BY t.duedate, t.id";

async function openInvoices(
  suiteql: SuiteQL,
  { customerId, signal }: { customerId: string; signal: AbortSignal },
): Promise<ErpAccount> {
  // Internal ids are whole numbers, written one way only: a customer must not have two names here.
  if (!/^[1-9]\d{0,17}$/.test(customerId)) throw new ErpError("not_found", "not an internal customer id");
  const ask = (q: string) => (signal: AbortSignal) => suiteql({ q, params: [customerId], signal });
  const [[customer], rows] = await readTogether(signal, [ask(customerQuery), ask(invoicesQuery)]);
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

function toInvoice(row: Record<string, string>): ErpInvoice {
  const { id, tranid, symbol, issued, due, foreigntotal, foreignamountunpaid } = row;
  if (
    !id ||
    !tranid ||
    !issued ||
    !foreigntotal ||
    !foreignamountunpaid ||
    !/^[A-Z]{3}$/.test(symbol ?? "")
  ) {
    throw new ErpError("protocol", "it lacks a field");
  }
  const currency = symbol as string;
  return {
    id,
    number: tranid,
    currency,
    totalMinor: fromDecimal(foreigntotal, currency),
    openMinor: fromDecimal(foreignamountunpaid, currency),
    issuedOn: issued,
    // Terms may be empty: due at once.
    dueOn: due ?? issued,
  };
}

/** Internal ids of currencies by ISO code. They never change; a code that is not there is asked for again. */
function currencyIds(suiteql: SuiteQL) {
  let known = new Map<string, string>();
  return async (isoCode: string, signal: AbortSignal): Promise<string | null> => {
    if (!known.has(isoCode)) {
      const rows = await suiteql({ q: "SELECT c.id, c.symbol FROM currency c", params: [], signal });
      known = new Map(rows.map(({ id = "", symbol = "" }) => [symbol, id]));
    }
    return known.get(isoCode) ?? null;
  };
}
