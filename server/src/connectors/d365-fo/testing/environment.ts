import { exportJWK, generateKeyPair } from "jose";
import type { ErpUnderTest } from "../../conformance.ts";
import { startStandIn } from "../../testing/stand-in.ts";
import type { ErpTiming } from "../../transport/timing.ts";
import type { D365FoConfig } from "../config.ts";
import { createD365FoConnector } from "../connector.ts";

interface Deployed extends Partial<Omit<D365FoConfig, "id">> {
  fetch?: typeof fetch;
  timing?: ErpTiming;
}

/** A journal line as the stand-in has it. */
export interface StoredLine {
  company: string;
  batch: string;
  line: number;
  reference: string;
  amount: string;
  currency: string;
  date: string;
  bank: string;
  posted: boolean;
  marked: { invoiceNumber: string; amount: string }[];
  settled: { invoiceNumber: string; amount: string }[];
}

/** The stand-in environment as a process, and connectors to it. Tests only. */
export async function startEnvironment(env: Record<string, string> = {}) {
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
    ...env,
  });
  const connect = ({ fetch, timing, ...config }: Deployed = {}) =>
    createD365FoConnector({
      clientSecret: "a secret of some length",
      ...(fetch && { fetch }),
      ...(timing && { timing }),
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
        ...config,
      },
    });
  const lines = async (reference: string): Promise<StoredLine[]> =>
    (await ask("/demo/payments")).payments
      .filter((line: StoredLine) => line.reference === reference)
      .sort((a: StoredLine, b: StoredLine) => a.batch.localeCompare(b.batch) || a.line - b.line);
  const erpOf = (customerId: string): ErpUnderTest => ({
    ...shared,
    connector: connect(),
    customerId,
    busyCustomerId: "US-027",
    debtFreeCustomerId: "US-099",
    invoices: async () =>
      (await ask("/demo/invoices")).invoices.filter(
        (i: { company: string; customerId: string }) => i.company === "usmf" && i.customerId === customerId,
      ),
    // A payment is one journal: its lines are the invoices.
    payments: async (externalId) => {
      const all = await lines(externalId);
      return [...new Set(all.map(({ batch }) => batch))].map((batch) => {
        const own = all.filter((line) => line.batch === batch);
        const { currency, date } = own[0] as StoredLine;
        const thousandths = own.reduce(
          (sum, { amount }) => sum + BigInt(Math.round(Number(amount) * 1_000)),
          0n,
        );
        const amount = `${thousandths / 1_000n}.${String(thousandths % 1_000n).padStart(3, "0")}`;
        return { amount, currency, date, applied: own.flatMap(({ marked }) => marked) };
      });
    },
    bookRecorded: async () => {
      await ask("/demo/posting/run", {});
    },
    reset: async () => {
      await ask("/demo/posting", { mode: "manual" });
      await ask("/demo/unmark", { remaining: 0 });
      await shared.reset();
    },
  });
  /** A journal that a person makes, with the lines they enter: what F&O keeps of it. */
  const enter = async (description: string, lines: Record<string, unknown>[]): Promise<string> => {
    const { access_token: token } = (await (
      await fetch(`${url}/directory/oauth2/v2.0/token`, {
        method: "POST",
        body: new URLSearchParams({
          ...{ grant_type: "client_credentials", client_id: "client", scope: `${url}/.default` },
          client_secret: "a secret of some length",
        }),
      })
    ).json()) as { access_token: string };
    const create = async (set: string, row: Record<string, unknown>) => {
      const answer = await fetch(`${url}/data/${set}`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify(row),
      });
      if (answer.status !== 201) throw new Error(`${set}: ${await answer.text()}`);
      return (await answer.json()) as { JournalBatchNumber: string; LineNumber: number };
    };
    const { JournalBatchNumber } = await create("CustomerPaymentJournalHeaders", {
      ...{ dataAreaId: "usmf", JournalName: "CustPay", Description: description },
    });
    for (const { settled = [], ...line } of lines as { settled?: Record<string, unknown>[] }[]) {
      const { LineNumber } = await create("CustomerPaymentJournalLines", {
        ...{ dataAreaId: "usmf", JournalBatchNumber, AccountType: "Cust" },
        ...{ OffsetAccountType: "Bank", OffsetAccountDisplayValue: "USMF OPER" },
        ...line,
      });
      for (const row of settled) {
        await create("PaymentJournalLineSettledInvoices", {
          ...{ JournalLineCompany: "usmf", JournalBatchNumber, JournalLineNumber: LineNumber },
          ...row,
        });
      }
    }
    return JournalBatchNumber;
  };
  return { url, ask, connect, lines, erpOf, enter };
}
