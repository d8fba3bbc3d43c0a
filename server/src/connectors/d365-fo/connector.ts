import { type Connector, type ErpAccount, ErpError } from "../connector.ts";
import { askForToken, createErpClient } from "../transport/client.ts";
import type { SharedTurns } from "../transport/limiter.ts";
import { readTogether } from "../transport/read-together.ts";
import type { D365FoConfig, Environment } from "./environment.ts";
import { createOData, quoted } from "./odata.ts";
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
}): Connector {
  const { config, clientSecret } = options;
  const fetcher = options.fetch ?? fetch;
  const client = createErpClient({
    fetch: fetcher,
    concurrency: config.concurrency,
    ...(options.turns && { turns: options.turns }),
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
  const environment: Environment = { odata: createOData({ client, baseUrl: config.baseUrl }), config };
  return {
    id: "d365-fo",
    async openInvoices({ customerId, signal: callers }) {
      const [customer, invoices] = await readTogether(callers, [
        (signal) => findCustomer(environment, { customerId, signal }),
        (signal) => openInvoices(environment, { customerId, signal }),
      ]);
      return { customer, invoices };
    },
    postPayment: (input) => postToJournal(environment, input),
    probe: (input) => probeEnvironment(environment, input),
  };
}

async function findCustomer(
  { odata, config }: Environment,
  { customerId, signal }: { customerId: string; signal: AbortSignal },
): Promise<ErpAccount["customer"]> {
  const [row] = await odata.list({
    set: "CustomersV3",
    filter: `dataAreaId eq ${quoted(config.company)} and CustomerAccount eq ${quoted(customerId)}`,
    select: ["CustomerAccount", "OrganizationName", "PrimaryContactEmail"],
    signal,
  });
  // D365 compares without regard to case; here a customer must not have two names.
  if (row?.CustomerAccount !== customerId)
    throw new ErpError("not_found", `no customer ${customerId} in ${config.company}`);
  const text = (value: unknown) => (typeof value === "string" && value !== "" ? value : null);
  return {
    id: customerId,
    name: text(row.OrganizationName) ?? customerId,
    email: text(row.PrimaryContactEmail),
  };
}
