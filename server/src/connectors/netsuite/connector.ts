import type { Connector } from "../connector.ts";
import { createErpClient } from "../transport/client.ts";
import type { SharedTurns } from "../transport/limiter.ts";
import { type ErpTiming, erpTiming } from "../transport/timing.ts";
import { type Account, createCurrencies } from "./account.ts";
import type { NetsuiteConfig } from "./config.ts";
import { postCustomerPayment } from "./customer-payment.ts";
import { createFeatures } from "./features.ts";
import { openInvoices } from "./open-invoices.ts";
import { probeAccount } from "./probe.ts";
import { createSuiteQL } from "./suiteql.ts";
import { assertionSigner } from "./token.ts";

/**
 * NetSuite over SuiteTalk REST: OAuth 2.0 client credentials, SuiteQL, `customerPayment`.
 * Keep one instance per tenant: the token lives in it, what the account turned out to lack, and who waits for a turn
 * stands in line there.
 * @param privateKeyPem PKCS #8 PEM of the certificate registered for the integration
 */
export function createNetsuiteConnector(options: {
  config: NetsuiteConfig;
  privateKeyPem: string;
  /** Over all server processes. Default: this instance counts its requests alone. */
  turns?: SharedTurns;
  fetch?: typeof fetch;
  /** Default: as in production. */
  timing?: ErpTiming;
}): Connector {
  const { config, privateKeyPem, timing = erpTiming } = options;
  const fetcher = options.fetch ?? fetch;
  const client = createErpClient({
    fetch: fetcher,
    concurrency: config.concurrency,
    ...(options.turns && { turns: options.turns }),
    timing,
    buyToken: assertionSigner({ config, privateKeyPem, fetch: fetcher }),
  });
  const ask = createSuiteQL({ client, baseUrl: config.baseUrl });
  const currencies = createCurrencies(ask);
  const account: Account = { client, ask, features: createFeatures(), currencies, config, timing };
  return {
    id: config.id,
    openInvoices: (input) => openInvoices(account, input),
    postPayment: (input) => postCustomerPayment(account, input),
    probe: (input) => probeAccount(account, input),
  };
}
