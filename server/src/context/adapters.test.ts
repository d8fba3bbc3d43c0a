import { expect, test } from "vitest";
import { ConnectorConfig } from "../connectors/configs.ts";
import { createNetwork } from "../network/network.ts";
import { ProviderConfig } from "../providers/configs.ts";
import { adapters } from "./adapters.ts";

const url = "https://vendor.test";
const secrets = { secretKey: "sk", webhookSecret: "whsec_AAAA" };
const turns = { take: async () => 1, giveBack: async () => {} } as never;

const network = createNetwork();

const providers: { [Id in ProviderConfig["id"]]: object } = {
  sandbox: { baseUrl: url, frameUrl: url, publishableKey: "pk" },
};
const connectors: { [Id in ConnectorConfig["id"]]: object } = {
  netsuite: { baseUrl: url, clientId: "c", certificateId: "c", depositAccountId: "1" },
  "d365-fo": {
    ...{ baseUrl: url, tokenUrl: url, clientId: "c", company: "c" },
    ...{ journalName: "j", paymentMethodName: "p", offsetAccount: "o" },
  },
};

test.each(Object.entries(providers))(
  "the provider %s is made from its settings and goes by their id",
  (id, more) => {
    expect(adapters.provider(ProviderConfig.parse({ id, ...more }), secrets, network).id).toBe(id);
  },
);

test.each(Object.entries(connectors))(
  "the connector %s is made from its settings and goes by their id",
  (id, more) => {
    expect(adapters.connector(ConnectorConfig.parse({ id, ...more }), "secret", { turns, network }).id).toBe(
      id,
    );
  },
);
