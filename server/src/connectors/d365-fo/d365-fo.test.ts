import { exportJWK, generateKeyPair } from "jose";
import { connectorConformance } from "../conformance.ts";
import { startStandIn } from "../testing/stand-in.ts";
import { createD365FoConnector } from "./connector.ts";

connectorConformance("d365-fo, against the stand-in environment", async () => {
  const keys = await generateKeyPair("ES256", { extractable: true });
  const { url, ask, shared } = await startStandIn("d365", {
    CLIENT_ID: "client",
    CLIENT_SECRET: "a secret of some length",
    // Small pages, so that reading follows the links.
    PAGE_SIZE: "3",
    // Its pages are not looked at here.
    EDGE_ORIGIN: "http://edge.test",
    LOADER_PATH: "/loader.js",
    LOADER_INTEGRITY: "sha384-none",
    EMBED_KEY_ID: "key",
    EMBED_PRIVATE_JWK: JSON.stringify(await exportJWK(keys.privateKey)),
  });
  const connector = createD365FoConnector({
    clientSecret: "a secret of some length",
    config: {
      id: "d365-fo",
      baseUrl: url,
      tokenUrl: `${url}/directory/oauth2/v2.0/token`,
      clientId: "client",
      company: "usmf",
      journalName: "CardPay",
      paymentMethodName: "CARD",
      offsetAccount: "USMF OPER",
      concurrency: 5,
    },
  });
  const customerId = "JP-011";
  return {
    ...shared,
    connector,
    customerId,
    debtFreeCustomerId: "US-099",
    invoices: async () =>
      (await ask("/demo/invoices")).invoices.filter(
        (i: { company: string; customerId: string }) => i.company === "usmf" && i.customerId === customerId,
      ),
    payments: async (externalId) => {
      const { payments } = await ask("/demo/payments");
      return payments
        .filter((line: { reference: string }) => line.reference === externalId)
        .map(({ amount, currency, date, marked }: Record<string, unknown>) => ({
          amount,
          currency,
          date,
          applied: marked,
        }));
    },
    bookRecorded: async () => {
      await ask("/demo/posting/run", {});
    },
    reset: async () => {
      await ask("/demo/posting", { mode: "manual" });
      await shared.reset();
    },
  };
});
