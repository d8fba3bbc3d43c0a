import { type Connector, type ErpAccount, ErpError } from "../connector.ts";
import { askForToken, createErpClient } from "../transport/client.ts";
import type { SharedTurns } from "../transport/limiter.ts";
import { readTogether } from "../transport/read-together.ts";
import { type ErpTiming, erpTiming } from "../transport/timing.ts";
import type { D365FoConfig } from "./config.ts";
import { type Environment, inCompany } from "./environment.ts";
import { canStandInFilter, odata } from "./literals.ts";
import { createOData } from "./odata.ts";
import { openInvoices } from "./open-invoices.ts";
import { postToJournal } from "./post-to-journal.ts";
import { probeEnvironment } from "./probe.ts";

/**
 * Dynamics 365 Finance & Operations over OData v4, with client credentials from Entra.
 * Keep one instance per tenant: the token lives in it, and who waits for a turn stands in line there.
 */
export function createD365FoConnector(options: {
  config: D365FoConfig;
  clientSecret: string;
  /** Over all server processes. Default: this instance counts its requests alone. */
  turns?: SharedTurns;
  fetch?: typeof fetch;
  /** Default: as in production. */
  timing?: ErpTiming;
}): Connector {
  const { config, clientSecret, timing = erpTiming } = options;
  const fetcher = options.fetch ?? fetch;
  const client = createErpClient({
    fetch: fetcher,
    concurrency: config.concurrency,
    ...(options.turns && { turns: options.turns }),
    timing,
    buyToken: () =>
      askForToken(fetcher, {
        url: new URL(config.tokenUrl),
        form: {
          grant_type: "client_credentials",
          client_id: config.clientId,
          scope: `${new URL(config.baseUrl).origin}/.default`,
        },
        secret: { client_secret: clientSecret },
      }),
  });
  const environment: Environment = {
    odata: createOData({ client, baseUrl: config.baseUrl }),
    config,
    timing,
  };
  return {
    id: config.id,
    async openInvoices({ customerId, signal: callers }) {
      // F&O takes an asterisk for anything: nobody is called so.
      if (!canStandInFilter(customerId)) throw new ErpError("not_found", "not a customer account");
      const [customer, { invoices, withheld }] = await readTogether(callers, [
        (signal) => findCustomer(environment, { customerId, signal }),
        (signal) => openInvoices(environment, { customerId, signal }),
      ]);
      return { customer, invoices, withheld };
    },
    postPayment: (input) => postToJournal(environment, input),
    probe: (input) => probeEnvironment(environment, input),
  };
}

async function findCustomer(
  environment: Environment,
  { customerId, signal }: { customerId: string; signal: AbortSignal },
): Promise<ErpAccount["customer"]> {
  const [row] = await environment.odata.list({
    set: "CustomersV3",
    filter: odata`${inCompany(environment)} and CustomerAccount eq ${customerId}`,
    select: ["CustomerAccount", "OrganizationName", "PrimaryContactEmail"],
    signal,
  });
  // D365 compares without regard to case; here a customer must not have two names.
  if (row?.CustomerAccount !== customerId)
    throw new ErpError("not_found", `no customer ${customerId} in ${environment.config.company}`);
  const text = (value: unknown) => (typeof value === "string" && value !== "" ? value : null);
  return {
    id: customerId,
    name: text(row.OrganizationName) ?? customerId,
    email: text(row.PrimaryContactEmail),
  };
}
