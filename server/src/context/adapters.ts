/** The one file that names concrete providers and connectors. */
import type { Connector } from "../connectors/connector.ts";
import { createD365FoConnector } from "../connectors/d365-fo/connector.ts";
import { createNetsuiteConnector } from "../connectors/netsuite/connector.ts";
import type { SharedTurns } from "../connectors/transport/limiter.ts";
import type { Provider } from "../providers/provider.ts";
import { createSandboxProvider } from "../providers/sandbox/sandbox.ts";
import type { SettingValue } from "../tenant/settings.ts";

/** Longest wait for one answer of a payment provider, milliseconds; a payment makes up to three calls. */
const providerTimeoutMs = 10_000;

type ProviderConfig = NonNullable<SettingValue<"provider">>;
type ConnectorConfig = NonNullable<SettingValue<"connector">>;

export interface Adapters {
  provider(config: ProviderConfig, secrets: { secretKey: string; webhookSecret: string }): Provider;
  /**
   * @param secret private key (NetSuite) or client secret (D365)
   * @param turns at this tenant's ERP
   */
  connector(config: ConnectorConfig, secret: string, turns: SharedTurns): Connector;
}

export const adapters: Adapters = {
  provider: ({ baseUrl }, secrets) =>
    createSandboxProvider({ baseUrl, ...secrets, timeoutMs: providerTimeoutMs }),
  connector: (config, secret, turns) =>
    config.id === "netsuite"
      ? createNetsuiteConnector({ config, privateKeyPem: secret, turns })
      : createD365FoConnector({ config, clientSecret: secret, turns }),
};
