import { exportPKCS8, generateKeyPair } from "jose";
import { describe, expect, test } from "vitest";
import type { Connector } from "./connector.ts";
import { createD365FoConnector } from "./d365-fo/connector.ts";
import { createNetsuiteConnector } from "./netsuite/connector.ts";

/** JSON as an ERP writes it: numbers by their digits, `null`, what is not there left out. */
type Fields = Record<string, string>;

interface Erp {
  create(rows: string[]): Connector;
  /** A row that is fine, some of its fields replaced by other JSON, or taken away. */
  row(number: string, change?: Record<string, string | undefined>): string;
  amount: string;
  currency: string;
  number: string;
}

const written = (fields: Fields, change: Record<string, string | undefined>) =>
  `{${Object.entries({ ...fields, ...change })
    .flatMap(([name, value]) => (value === undefined ? [] : [`"${name}":${value}`]))
    .join(",")}}`;
const answer = (text: string) => new Response(text, { headers: { "content-type": "application/json" } });
const token = () => Response.json({ access_token: "token", expires_in: 3600 });

const d365: Erp = {
  create: (rows) =>
    createD365FoConnector({
      clientSecret: "a secret of some length",
      fetch: async (input) => {
        const url = String(input);
        if (url.includes("/token")) return token();
        const customer = '{"CustomerAccount":"1043","OrganizationName":"Wayne","PrimaryContactEmail":""}';
        if (url.includes("CustomersV3")) return answer(`{"value":[${customer}]}`);
        return answer(`{"value":[${url.includes("CustTransBiEntities") ? rows.join(",") : ""}]}`);
      },
      config: {
        ...{ id: "d365-fo", baseUrl: "https://erp.test", tokenUrl: "https://erp.test/token", clientId: "c" },
        ...{ company: "usmf", journalName: "CardPay", paymentMethodName: "CARD", offsetAccount: "USMF OPER" },
        concurrency: 5,
      },
    }),
  row: (number, change = {}) =>
    written(
      {
        ...{
          SourceKey: `5637144${number.replace(/\D/g, "")}`,
          Invoice: `"${number}"`,
          CurrencyCode: '"USD"',
        },
        ...{ AmountCur: "100.5", SettleAmountCur: "0.0", TransType: '"Sales"' },
        ...{ TransDate: '"2026-01-02T12:00:00Z"', DueDate: '"2026-02-02T12:00:00Z"' },
      },
      change,
    ),
  ...{ amount: "AmountCur", currency: "CurrencyCode", number: "Invoice" },
};

const keys = await generateKeyPair("ES256", { extractable: true });
const privateKeyPem = await exportPKCS8(keys.privateKey);
const netsuite: Erp = {
  create: (rows) =>
    createNetsuiteConnector({
      privateKeyPem,
      fetch: async (input, init) => {
        if (String(input).includes("/token")) return token();
        const { q } = JSON.parse(String(init?.body));
        const customer = '{"id":"1043","companyname":"Wayne"}';
        return answer(
          `{"hasMore":false,"items":[${/FROM customer/i.test(q) ? customer : /FROM transaction/i.test(q) ? rows.join(",") : ""}]}`,
        );
      },
      config: {
        ...{ id: "netsuite", baseUrl: "https://erp.test", clientId: "client", certificateId: "certificate" },
        ...{ algorithm: "ES256", depositAccountId: "1", concurrency: 5 },
      },
    }),
  row: (number, change = {}) =>
    written(
      {
        ...{ id: `"${number.replace(/\D/g, "")}"`, tranid: `"${number}"`, symbol: '"USD"' },
        ...{
          foreigntotal: '"100.5"',
          foreignamountunpaid: '"100.5"',
          issued: '"2026-01-02"',
          due: '"2026-02-02"',
        },
      },
      change,
    ),
  ...{ amount: "foreignamountunpaid", currency: "symbol", number: "tranid" },
};

describe.each<[string, Erp]>([
  ["d365-fo", d365],
  ["netsuite", netsuite],
])("%s: one record that cannot be read exactly is withheld, and the others are offered:", (_, erp) => {
  const read = async (bad: string) => {
    const connector = erp.create([erp.row("INV-1"), bad, erp.row("INV-3")]);
    return connector.openInvoices({ customerId: "1043", signal: AbortSignal.timeout(5_000) });
  };

  test.each<[string, Record<string, string | undefined>]>([
    ["a tenth of a cent", { [erp.amount]: "10.005" }],
    ["a residue of staging", { [erp.amount]: "100.0049999" }],
    ["a fraction of a yen", { [erp.amount]: "10.5", [erp.currency]: '"JPY"' }],
    ["an amount with a grouping sign", { [erp.amount]: '"1,250.00"' }],
    ["an amount in words", { [erp.amount]: '"ten"' }],
    ["no amount", { [erp.amount]: undefined }],
    ["an amount that is an object", { [erp.amount]: "{}" }],
    ["no currency", { [erp.currency]: undefined }],
    ["a currency that is none", { [erp.currency]: "null" }],
  ])("%s", async (_, change) => {
    const { customer, invoices, withheld } = await read(erp.row("INV-2", change));
    expect(customer.name).toBe("Wayne");
    expect(invoices.map(({ number }) => number)).toEqual(["INV-1", "INV-3"]);
    expect(withheld).toEqual([{ number: "INV-2", why: expect.stringMatching(/\w+ \w+/) }]);
  });

  test.each([
    ["100.50", 10_050n],
    ['"100.5"', 10_050n],
    ["1E+1", null],
  ])("an amount written %s is read as what it says, or withheld", async (amount, minor) => {
    const { invoices, withheld = [] } = await read(erp.row("INV-2", { [erp.amount]: amount }));
    expect(invoices.find(({ number }) => number === "INV-2")?.openMinor ?? null).toBe(minor);
    expect(withheld).toHaveLength(minor === null ? 1 : 0);
  });

  test.each(["null", "7", '"text"', "[]"])("a row that is %s is no reason to offer none", async (row) => {
    const { invoices } = await read(row);
    expect(invoices.map(({ number }) => number)).toEqual(["INV-1", "INV-3"]);
  });
});
