import { createSecretKey, randomBytes, randomUUID } from "node:crypto";
import { PassThrough } from "node:stream";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { ErpAccount, ErpInvoice } from "../connectors/connector.ts";
import { type TestServer, type TestTenant, testServer } from "../http/testing/test-server.ts";
import { startPayment } from "../payments/start-payment.ts";
import { listInvoices } from "./list-invoices.ts";
import { listRecordFaults } from "./list-record-faults.ts";

let line: TestServer;
let acme: TestTenant;
let logged = "";
beforeAll(async () => {
  const logTo = new PassThrough().on("data", (text) => (logged += String(text)));
  line = await testServer({ edgeKey: { alg: "HS256", key: createSecretKey(randomBytes(32)) }, logTo });
  acme = await line.createTenant("acme");
});
afterAll(() => line.close());

let customerId = "";
let account: Required<ErpAccount>;
let count = 0;
beforeEach(() => {
  count += 1;
  customerId = `K-${count}`;
  account = {
    customer: { id: customerId, name: "Wayne", email: null },
    invoices: [invoice("1"), invoice("3")],
    withheld: [],
  };
  acme.erp.connector.openInvoices = async () => account as ErpAccount;
  logged = "";
});

const invoice = (n: string, change: Partial<Record<keyof ErpInvoice, unknown>> = {}): ErpInvoice => ({
  id: `${customerId}-${n}`,
  ...{ number: `INV-${n}`, currency: "USD", totalMinor: 1_000n, openMinor: 1_000n },
  ...{ issuedOn: "2026-01-01", dueOn: "2026-02-01" },
  ...(change as Partial<ErpInvoice>),
});

const read = async () => {
  const input = { customerId, allowedInvoices: null, live: true };
  const listed = await listInvoices({ ctx: acme.ctx, input });
  if (listed.kind === "refused") throw new Error(listed.code);
  return listed;
};
const numbers = async () => (await read()).list.invoices.map(({ number }) => number);
const faults = async () =>
  (await listRecordFaults({ ctx: acme.ctx }))
    .filter((fault) => fault.customerId === customerId)
    .map(({ kind, record, why }) => ({ kind, record, why }));

test.each<[string, Partial<Record<keyof ErpInvoice, unknown>>, RegExp]>([
  ["a currency of the ERP's own", { currency: "RMB" }, /RMB is no currency/],
  ["a currency in small letters", { currency: "usd" }, /usd is no currency/],
  ["no currency", { currency: "" }, /no currency/],
  ["a test currency", { currency: "XTS" }, /XTS is no currency/],
  ["an amount no column holds", { openMinor: 10n ** 20n }, /amount is too large/],
  ["a total no column holds", { totalMinor: -(10n ** 20n) }, /amount is too large/],
  ["a date as people write it", { dueOn: "31/12/2026" }, /due date/],
  ["a day that is none", { dueOn: "2026-02-30" }, /due date/],
  ["a date of issue that is none", { issuedOn: "2026-00-10" }, /date of issue/],
  ["no date of issue", { issuedOn: "" }, /date of issue/],
  ["the ERP's empty date for the issue", { issuedOn: "1900-01-01" }, /date of issue/],
  ["no id", { id: "" }, /id/],
  ["an id without end", { id: "1".repeat(5_000) }, /id/],
  ["an id that no database holds", { id: "1\u0000" }, /id/],
  ["a number in half a character", { number: "INV-2\ud800" }, /number/],
  ["a number on two lines", { number: "INV-2\n" }, /number/],
])("%s withholds that record only, and the tenant is told", async (_, change, why) => {
  account.invoices.splice(1, 0, invoice("2", change));
  expect(await numbers()).toEqual(["INV-1", "INV-3"]);
  expect(await faults()).toEqual([
    { kind: "invoice", record: expect.stringMatching(/^INV-2/), why: expect.stringMatching(why) },
  ]);
});

test.each(["", "1900-01-01", "0001-01-01"])("without a due date (%j) it is due at once", async (dueOn) => {
  account.invoices = [invoice("1", { dueOn })];
  expect((await read()).list.invoices).toMatchObject([{ number: "INV-1", dueOn: "2026-01-01" }]);
  expect(await faults()).toEqual([]);
});

test("one record told twice is offered once; two that share an id are both withheld", async () => {
  account.invoices.push(invoice("1"), invoice("2", { id: `${customerId}-3` }));
  expect(await numbers()).toEqual(["INV-1"]);
  const why = expect.stringMatching(/same id/);
  expect(await faults()).toEqual([
    { kind: "invoice", record: "INV-2", why },
    { kind: "invoice", record: "INV-3", why },
  ]);
});

test("what the connector withheld is told of too; many without a number in one line", async () => {
  const why = "10.005 has more decimals than USD knows";
  account.withheld = [
    { number: "INV-2", why },
    { number: "?", why: "it lacks a field" },
    { number: "?", why: "it lacks a field" },
  ];
  expect(await numbers()).toEqual(["INV-1", "INV-3"]);
  expect(await faults()).toEqual([
    { kind: "invoice", record: "?", why: "it lacks a field (2 records)" },
    { kind: "invoice", record: "INV-2", why },
  ]);
});

test("a record that was offered and is wrong now is not payable any more; mended, it is offered and no fault", async () => {
  expect(await numbers()).toEqual(["INV-1", "INV-3"]);
  account.invoices[1] = invoice("3", { currency: "???" });
  expect(await numbers()).toEqual(["INV-1"]);
  const request = {
    ...{ id: randomUUID(), currency: "USD", lines: [{ invoiceId: `${customerId}-3`, amountMinor: "100" }] },
    ...{ method: { type: "card" as const, token: "tok_debit" } },
    shown: { surchargeMinor: "0", totalMinor: "100" },
  };
  const input = { request, customerId, allowedInvoices: null, returnOrigin: null, locale: "en" };
  expect(await startPayment({ ctx: acme.ctx, input })).toMatchObject({ code: "invoice_closed" });
  const [first] = await listRecordFaults({ ctx: acme.ctx });
  await read();
  const [again] = await listRecordFaults({ ctx: acme.ctx });
  expect(again?.firstSeenAt).toEqual(first?.firstSeenAt);
  account.invoices[1] = invoice("3");
  expect(await numbers()).toEqual(["INV-1", "INV-3"]);
  expect(await faults()).toEqual([]);
});

test("another customer's faults stay when this one's are mended", async () => {
  account.invoices.push(invoice("2", { currency: "RMB" }));
  await read();
  const before = customerId;
  customerId = `${customerId}-other`;
  account = { customer: { id: customerId, name: "Kent", email: null }, invoices: [], withheld: [] };
  await read();
  customerId = before;
  expect(await faults()).toHaveLength(1);
});

test.each([
  ["a name without end", "W".repeat(1_000_000), /^W{199}…$/],
  ["a name that no database holds", "Wa\u0000y\ud800ne\r\n", /^Wa y.ne$/],
  ["no name", "", /^K-\d+$/],
])("%s keeps nobody from paying", async (_, name, shown) => {
  account.customer.name = name;
  const { customerName, list } = await read();
  expect(customerName).toMatch(shown);
  expect(list.invoices).toHaveLength(2);
});

test.each<[string, object[]]>([
  [
    "ap@x.test; see contract",
    [{ kind: "email", record: "see contract", why: expect.stringMatching(/no e-mail/) }],
  ],
  ["ap@x.test; cfo@x.test", []],
  ["", []],
  ["ap@x.test\u0000".repeat(100_000), []],
])("what is no address in the customer's e-mail field is told of: %#", async (email, told) => {
  account.customer.email = email;
  expect(await numbers()).toEqual(["INV-1", "INV-3"]);
  expect(await faults()).toEqual(told);
});

test("the log says how many and why, and names no customer and no record", async () => {
  account.customer.email = "Anna Smith at Wayne";
  account.invoices.push(invoice("2", { currency: "RMB" }));
  await read();
  const lines = logged.split("\n").filter((text) => text.includes("cannot be used"));
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0] ?? "{}")).toMatchObject({ level: 40, invoices: 1, addresses: 1 });
  expect(lines.join("")).not.toMatch(/Anna|Wayne|INV-|K-\d/);
});

test("an adapter that breaks is an ERP that cannot be asked: what it said a moment ago stands", async () => {
  await read();
  acme.erp.connector.openInvoices = async () => {
    throw new TypeError("undefined is not a function");
  };
  expect(await numbers()).toEqual(["INV-1", "INV-3"]);
  customerId = `${customerId}-never-read`;
  await expect(read()).rejects.toThrow("erp_unavailable");
});

test("whatever the records hold, the reading is stored, and what is offered can be read again", async () => {
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom("", "\u0000", "\ud800", "\n", "\u202e", "'\"\\"),
  );
  const amount = fc.oneof(fc.bigInt(), fc.constantFrom(0n, -1n, 10n ** 18n, 10n ** 18n - 1n, 2n ** 63n));
  const date = fc.oneof(
    text,
    fc.constantFrom("2026-01-01", "2026-02-29", "9999-12-31", "10000-01-01", "-0001-01-01"),
  );
  const change = fc.record(
    {
      ...{ id: text, number: text, currency: fc.oneof(text, fc.constantFrom("USD", "EUR", "ZZZ")) },
      ...{ totalMinor: amount, openMinor: amount, issuedOn: date, dueOn: date },
    },
    { requiredKeys: [] },
  );
  const customer = fc.record({ name: text, email: fc.option(text) });
  await fc.assert(
    fc.asyncProperty(customer, fc.array(change, { maxLength: 40 }), async (who, changes) => {
      account.customer = { id: customerId, ...who };
      account.invoices = changes.map((one, n) => invoice(String(n), one));
      const { list } = await read();
      expect(list.invoices.length).toBeLessThanOrEqual(changes.length);
      expect(new Set(list.invoices.map(({ id }) => id)).size).toBe(list.invoices.length);
      expect((await faults()).length).toBeLessThanOrEqual(500);
    }),
    { numRuns: 60 },
  );
});

test("another tenant sees none of it", async () => {
  account.invoices.push(invoice("2", { currency: "RMB" }));
  await read();
  const globex = await line.createTenant("globex");
  expect(await listRecordFaults({ ctx: globex.ctx })).toEqual([]);
});
