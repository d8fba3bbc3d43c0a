/** The one file that names concrete providers and connectors; one that is in `configs.ts` and not here does not compile. */
import type { ConnectorConfig } from "../connectors/configs.ts";
import type { Connector } from "../connectors/connector.ts";
import { createD365FoConnector } from "../connectors/d365-fo/connector.ts";
import { createNetsuiteConnector } from "../connectors/netsuite/connector.ts";
import type { SharedTurns } from "../connectors/transport/limiter.ts";
import type { Network } from "../network/network.ts";
import type { ProviderConfig } from "../providers/configs.ts";
import type { Provider } from "../providers/provider.ts";
import { createSandboxProvider } from "../providers/sandbox/sandbox.ts";

/** Longest wait for one answer of a payment provider, milliseconds; a payment makes up to three calls. */
const providerTimeoutMs = 10_000;

export interface Adapters {
  provider(
    config: ProviderConfig,
    secrets: { secretKey: string; webhookSecret: string },
    network: Network,
  ): Provider;
  /**
   * @param secret private key (NetSuite) or client secret (D365)
   * @param means.turns at this tenant's ERP
   */
  connector(
    config: ConnectorConfig,
    secret: string,
    means: { turns: SharedTurns; network: Network },
  ): Connector;
}

export const adapters: Adapters = {
  provider(config, secrets, { fetch }) {
    switch (config.id) {
      case "sandbox":
        return createSandboxProvider({
          baseUrl: config.baseUrl,
          ...secrets,
          timeoutMs: providerTimeoutMs,
          fetch,
        });
      default:
        return nobodyMakes(config.id);
    }
  },
  connector(config, secret, { turns, network: { fetch } }) {
    switch (config.id) {
      case "netsuite":
        return createNetsuiteConnector({ config, privateKeyPem: secret, turns, fetch });
      case "d365-fo":
        return createD365FoConnector({ config, clientSecret: secret, turns, fetch });
      default:
        return nobodyMakes(config);
    }
  },
};

const nobodyMakes = (what: never): never => {
  throw new Error(`no adapter for ${JSON.stringify(what)}`);
};
