import { exportJWK, exportPKCS8, generateKeyPair } from "jose";
import type { ErpUnderTest } from "../../conformance.ts";
import { startStandIn } from "../../testing/stand-in.ts";
import type { ErpTiming } from "../../transport/timing.ts";
import type { NetsuiteConfig } from "../config.ts";
import { createNetsuiteConnector } from "../connector.ts";

interface Deployed extends Partial<Omit<NetsuiteConfig, "id">> {
  fetch?: typeof fetch;
  timing?: ErpTiming;
}

/** What the stand-in says that it booked. */
export interface BookedPayment {
  id: string;
  externalId: string;
  amount: string;
  currency: string;
  date: string;
  applied: { invoiceNumber: string; amount: string }[];
  writes: number;
  accountId: string | null;
  subsidiaryId: string;
  charged: boolean;
  body: { apply: { items: Record<string, unknown>[] } };
}

/** Each bank of the stand-in's for what it takes. */
const everyAccount = [
  { accountId: "1", currency: "USD" },
  { accountId: "2", currency: "EUR" },
  { accountId: "3", currency: "JPY" },
  { accountId: "4", currency: "KWD" },
  { accountId: "5", currency: "EUR", subsidiaryId: "2" },
];

/** The stand-in account as a process, and connectors to it. Tests only. */
export async function startNetsuiteAccount() {
  const keys = await generateKeyPair("ES256", { extractable: true });
  const privateKeyPem = await exportPKCS8(keys.privateKey);
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
  const connect = ({ fetch, timing, ...config }: Deployed = {}) =>
    createNetsuiteConnector({
      privateKeyPem,
      ...(fetch && { fetch }),
      ...(timing && { timing }),
      config: {
        ...({ id: "netsuite", baseUrl: url, clientId: "client", certificateId: "certificate" } as const),
        ...({ algorithm: "ES256", depositAccountId: "1", depositAccounts: everyAccount } as const),
        concurrency: 5,
        ...config,
      },
    });
  const bookedPayments = async (externalId: string): Promise<BookedPayment[]> =>
    (await ask("/demo/payments")).payments.filter(
      (payment: BookedPayment) => payment.externalId === externalId,
    );
  const erpOf = (customerId: string): ErpUnderTest => ({
    ...shared,
    connector: connect(),
    customerId,
    busyCustomerId: "1045",
    debtFreeCustomerId: "1046",
    invoices: async () =>
      (await ask("/demo/invoices")).invoices.filter(
        (i: { customerId: string }) => i.customerId === customerId,
      ),
    payments: async (externalId) =>
      (await bookedPayments(externalId)).map(({ amount, currency, date, applied }) => ({
        amount,
        currency,
        date,
        applied: applied.map(({ invoiceNumber, amount }) => ({ invoiceNumber, amount })),
      })),
    bookRecorded: async () => {},
    reset: async () => {
      await ask("/demo/features", {});
      await ask("/demo/misapply", { remaining: 0 });
      await shared.reset();
    },
  });
  return { url, ask, connect, bookedPayments, erpOf };
}
