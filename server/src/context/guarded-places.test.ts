import { generateKeyPairSync } from "node:crypto";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ConnectorConfig } from "../connectors/configs.ts";
import type { SharedTurns } from "../connectors/transport/limiter.ts";
import { sendMail } from "../email/smtp.ts";
import { createNetwork, type Network } from "../network/network.ts";
import { loopbackNetwork } from "../network/testing/loopback.ts";
import { ProviderConfig } from "../providers/configs.ts";
import { createJwks } from "../sessions/jwks.ts";
import { adapters } from "./adapters.ts";

/** A neighbour of ours that a tenant names: it counts who connects, and says nothing. */
const neighbour = createServer((socket) => {
  connections += 1;
  socket.on("error", () => {}).destroy();
});
let connections = 0;
let port = 0;
beforeAll(async () => {
  await new Promise<void>((resolve) => neighbour.listen(0, "127.0.0.1", resolve));
  port = (neighbour.address() as AddressInfo).port;
});
afterAll(() => neighbour.close());

const signal = () => AbortSignal.timeout(5_000);
const turns: SharedTurns = { take: async () => ({ ends: signal(), giveBack: async () => {} }) };
const pem = generateKeyPairSync("ec", {
  namedCurve: "P-256",
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
  publicKeyEncoding: { type: "spki", format: "pem" },
}).privateKey;

/** Everything a tenant's settings name, asked once, for host and port of the neighbour. */
const places: Record<string, (url: string, network: Network) => Promise<unknown>> = {
  async "provider.baseUrl"(url, network) {
    const config = ProviderConfig.parse({ id: "sandbox", baseUrl: url, frameUrl: url, publishableKey: "pk" });
    const provider = adapters.provider(config, { secretKey: "sk", webhookSecret: "whsec_AAAA" }, network);
    return provider.account({ signal: signal() });
  },
  async "connector.baseUrl of netsuite"(url, network) {
    const config = ConnectorConfig.parse({
      ...{ id: "netsuite", baseUrl: url, clientId: "c", certificateId: "c", depositAccountId: "1" },
    });
    const erp = adapters.connector(config, pem, { turns, network });
    return erp.openInvoices({ customerId: "1", signal: signal() });
  },
  async "connector.tokenUrl of d365-fo"(url, network) {
    const config = ConnectorConfig.parse({
      ...{ id: "d365-fo", baseUrl: "https://erp.example", tokenUrl: url, clientId: "c", company: "usmf" },
      ...{ journalName: "j", paymentMethodName: "p", offsetAccount: "o" },
    });
    const erp = adapters.connector(config, "secret", { turns, network });
    return erp.openInvoices({ customerId: "US-001", signal: signal() });
  },
  async "smtp.host"(url, network) {
    const { hostname: host, port } = new URL(url);
    const config = { host, port: Number(port), secure: false, user: null, from: "a@b.test" };
    const mail = { id: "1", to: ["c@d.test"], subject: "s", html: "h", text: "t" };
    return sendMail(mail, { config, password: null, network, signal: signal() });
  },
  async "an embed key's jwksUrl"(url, network) {
    return createJwks({ network }).find({ url, kid: "a", algorithm: "ES256" });
  },
};

test.each(Object.keys(places))("a neighbour that %s names is never connected to", async (what) => {
  const place = places[what];
  for (const host of ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"]) {
    for (const scheme of ["http", "https"]) {
      await place?.(`${scheme}://${host}:${port}`, createNetwork()).catch(() => {});
    }
  }
  expect(connections).toBe(0);
  await place?.(`http://127.0.0.1:${port}`, loopbackNetwork).catch(() => {});
  expect(connections).toBeGreaterThan(0);
  connections = 0;
});
