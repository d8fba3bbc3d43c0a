import { exportJWK, exportPKCS8, generateKeyPair } from "jose";
import { connectorConformance } from "../conformance.ts";
import { startStandIn } from "../testing/stand-in.ts";
import { createNetsuiteConnector } from "./connector.ts";

connectorConformance("netsuite, against the stand-in account", async () => {
  const keys = await generateKeyPair("ES256", { extractable: true });
  const { url, ask, shared } = await startStandIn("netsuite", {
    INTEGRATION_CLIENT_ID: "client",
    INTEGRATION_CERT_ID: "certificate",
    INTEGRATION_PUBLIC_JWK: JSON.stringify(await exportJWK(keys.publicKey)),
    // Its pages are not looked at here.
    EDGE_ORIGIN: "http://edge.test",
    PROVIDER_ORIGIN: "http://provider.test",
    SNIPPET_PATH: "/snippet.js",
    SNIPPET_INTEGRITY: "sha384-none",
    EMBED_KEY_ID: "key",
    EMBED_SECRET: "0123456789abcdef0123456789abcdef",
  });
  const connector = createNetsuiteConnector({
    privateKeyPem: await exportPKCS8(keys.privateKey),
    config: {
      id: "netsuite",
      baseUrl: url,
      clientId: "client",
      certificateId: "certificate",
      algorithm: "ES256",
      depositAccountId: "7",
      concurrency: 5,
    },
  });
  const customerId = "1043";
  return {
    ...shared,
    connector,
    customerId,
    debtFreeCustomerId: "1046",
    invoices: async () =>
      (await ask("/demo/invoices")).invoices.filter(
        (i: { customerId: string }) => i.customerId === customerId,
      ),
    payments: async (externalId) => {
      const { payments } = await ask("/demo/payments");
      return payments
        .filter((payment: { externalId: string }) => payment.externalId === externalId)
        .map(({ amount, currency, date, applied }: Record<string, unknown>) => ({
          amount,
          currency,
          date,
          applied: (applied as { invoiceNumber: string; amount: string }[]).map((line) => ({
            invoiceNumber: line.invoiceNumber,
            amount: line.amount,
          })),
        }));
    },
    bookRecorded: async () => {},
  };
});
