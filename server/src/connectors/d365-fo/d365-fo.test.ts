import { exportJWK, generateKeyPair } from "jose";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { connectorConformance, type ErpUnderTest } from "../conformance.ts";
import { paymentOf, signal, untilPosted } from "../testing/booked.ts";
import { startStandIn } from "../testing/stand-in.ts";
import { createD365FoConnector } from "./connector.ts";
import type { Environment } from "./environment.ts";
import { markedAmounts } from "./marked-amounts.ts";
import type { Row } from "./odata.ts";

interface Deployed {
  /** Default `CardPay`. */
  journalName?: string;
  fetch?: typeof fetch;
}

/** The stand-in environment, and connectors to it. */
async function startEnvironment() {
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
  const connect = ({ journalName = "CardPay", ...rest }: Deployed = {}) =>
    createD365FoConnector({
      ...rest,
      clientSecret: "a secret of some length",
      config: {
        id: "d365-fo",
        baseUrl: url,
        tokenUrl: `${url}/directory/oauth2/v2.0/token`,
        clientId: "client",
        company: "usmf",
        journalName,
        paymentMethodName: "CARD",
        offsetAccount: "USMF OPER",
        concurrency: 5,
      },
    });
  const customerId = "JP-011";
  const erp: ErpUnderTest = {
    ...shared,
    connector: connect(),
    customerId,
    busyCustomerId: "US-027",
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
  return { erp, connect };
}

const short = (reference: string) => reference.slice(0, 20);

/** F&O whose field is shorter than our reference. A journal is made twice; the answer about a line is lost. */
function twoJournalsAndShortReferences(): typeof fetch {
  return async (input, init) => {
    if (init?.method !== "POST") return fetch(input, init);
    const url = String(input);
    if (url.includes("/CustomerPaymentJournalHeaders")) await (await fetch(input, init)).text();
    if (!url.includes("/CustomerPaymentJournalLines")) return fetch(input, init);
    const { PaymentReference: reference } = JSON.parse(String(init.body));
    const body = String(init.body).replace(reference, short(reference));
    await (await fetch(input, { ...init, body })).text();
    throw new TypeError("fetch failed");
  };
}

connectorConformance("d365-fo, against the stand-in environment", async () => (await startEnvironment()).erp);

describe("payments that are recorded and not posted yet", () => {
  let { erp, connect } = {} as Awaited<ReturnType<typeof startEnvironment>>;
  beforeAll(async () => {
    ({ erp, connect } = await startEnvironment());
  });
  beforeEach(() => erp.reset());
  afterAll(() => erp?.close());

  test.each([1, 2])("the journal's name is changed: its %i invoices are not offered again", async (count) => {
    const payment = await paymentOf(erp, { currency: "EUR", count });
    expect(await erp.connector.postPayment({ payment, signal: signal() })).toMatchObject({ kind: "posted" });
    const renamed = connect({ journalName: "CustPay" });
    const { invoices } = await renamed.openInvoices({ customerId: erp.customerId, signal: signal() });
    const offered = invoices.map(({ id }) => id);
    for (const { invoiceId } of payment.lines) expect(offered).not.toContain(invoiceId);
    expect(offered).not.toEqual([]);
  });

  test("two journals carry the payment's words, one is empty: the line is not written again", async () => {
    const connector = connect({ fetch: twoJournalsAndShortReferences() });
    const payment = await paymentOf(erp, { currency: "USD", count: 1, part: 3n });
    const result = await untilPosted(() => connector.postPayment({ payment, signal: signal() }));
    expect(result).toMatchObject({ kind: "posted", already: false });
    expect(await erp.payments(short(payment.externalId))).toHaveLength(1);
  });
});

test("of a journal that a person made only the customer's own lines count, and nothing raises a balance", async () => {
  const line = { JournalBatchNumber: "7", CurrencyCode: "EUR", MarkedInvoice: "" };
  const settled = { JournalBatchNumber: "7", InvoiceNumber: "A" };
  const rows: Record<string, Row[]> = {
    CustomerPaymentJournalHeaders: [{ JournalBatchNumber: "7" }],
    CustomerPaymentJournalLines: [
      { ...line, LineNumber: "2.0", CreditAmount: "30" },
      { ...line, LineNumber: "3.0", CreditAmount: "-5", MarkedInvoice: "B" },
    ],
    PaymentJournalLineSettledInvoices: [
      { ...settled, JournalLineNumber: "1", SettlementAmountInInvoiceCurrency: "70" },
      { ...settled, JournalLineNumber: "2", SettlementAmountInInvoiceCurrency: "30" },
    ],
  };
  const environment = {
    odata: { list: async ({ set }: { set: string }) => rows[set] },
    config: { company: "usmf" },
  };
  const marked = await markedAmounts(environment as unknown as Environment, {
    customerId: "C",
    signal: signal(),
  });
  expect([...marked]).toEqual([["A", 3_000n]]);
});
