import { randomUUID } from "node:crypto";
import { testDatabase } from "@clarity/server/testing";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { openDatabase } from "../shared/database.ts";
import { serve } from "../shared/serve.ts";
import { netsuiteApp } from "./app.ts";
import type { OracleInvoice, OraclePayment } from "./oracle.ts";
import { schema } from "./schema.ts";
import { reseed } from "./seed.ts";
import { registerIntegration } from "./token.ts";

const database = await testDatabase();
const sql = await openDatabase(database.url, schema);
const keys = await generateKeyPair("ES256", { extractable: true });
let url = "";
let close = async () => {};
let bearer = "";

beforeAll(async () => {
  const served = await serve({
    name: "netsuite",
    app: netsuiteApp({ sql, concurrency: 5, latencyMs: 30 }),
    host: "127.0.0.1",
    port: 0,
  });
  url = served.url;
  close = served.close;
  await registerIntegration(sql, {
    clientId: "client",
    certificateId: "cert",
    publicJwk: { ...(await exportJWK(keys.publicKey)) },
  });
  bearer = (await (await askToken(await assertion())).json()).access_token;
});
beforeEach(async () => {
  await reseed(sql, "2026-03-01");
  await demo("features", {});
});
afterAll(async () => {
  await close();
  await sql.end();
  await database.close();
});

const tokenUrl = () => `${url}/services/rest/auth/oauth2/v1/token`;

function assertion(change: { audience?: string; kid?: string; lifetime?: string } = {}): Promise<string> {
  return new SignJWT({ scope: ["rest_webservices"] })
    .setProtectedHeader({ alg: "ES256", typ: "JWT", kid: change.kid ?? "cert" })
    .setIssuer("client")
    .setAudience(change.audience ?? tokenUrl())
    .setIssuedAt()
    .setExpirationTime(change.lifetime ?? "10m")
    .sign(keys.privateKey);
}

const askToken = (clientAssertion: string) =>
  fetch(tokenUrl(), {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "client_credentials",
      client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
      client_assertion: clientAssertion,
    }),
  });

const call = (path: string, init: RequestInit = {}) =>
  fetch(`${url}${path}`, {
    ...init,
    headers: { authorization: `Bearer ${bearer}`, "content-type": "application/json", ...init.headers },
  });

const suiteql = (q: string, search = "", more: Record<string, unknown> = {}) =>
  call(`/services/rest/query/v1/suiteql${search}`, {
    method: "POST",
    headers: { prefer: "transient" },
    body: JSON.stringify({ q, ...more }),
  });

const demo = (path: string, body: unknown) =>
  call(`/demo/${path}`, { method: "POST", body: JSON.stringify(body) });

const openInvoices =
  "SELECT t.id,t.tranid,t.externalid,t.entity,t.currency,t.trandate,t.duedate,t.foreigntotal,t.foreignamountunpaid " +
  "FROM transaction t WHERE t.type='CustInvc' AND t.foreignamountunpaid>0 AND t.posting='T' AND t.voided='F' AND t.entity=1042 " +
  "ORDER BY t.duedate,t.id";

const record = "/services/rest/record/v1/customerPayment";
const put = (externalId: string, body: unknown, headers: Record<string, string> = {}) =>
  call(`${record}/eid:${externalId}`, { method: "PUT", body: JSON.stringify(body), headers });

async function invoice(number: string): Promise<OracleInvoice> {
  const { invoices } = await (await call("/demo/invoices")).json();
  const found = invoices.find((candidate: OracleInvoice) => candidate.number === number);
  if (!found) throw new Error(`no invoice ${number}`);
  return found;
}

async function payments(): Promise<OraclePayment[]> {
  return (await (await call("/demo/payments")).json()).payments;
}

/** INV-10042 of customer 1042: USD, 9,420.75 open of 18,420.75. */
async function paymentOf(amount: number, externalId = `pay_${randomUUID()}`) {
  const { id } = await invoice("INV-10042");
  return {
    externalId,
    body: {
      customer: { id: "1042" },
      account: { id: "1" },
      undepFunds: { id: "F" },
      handlingMode: { id: "SAVE_ONLY" },
      currency: { id: "1" },
      payment: amount,
      apply: { items: [{ doc: { id }, apply: true, amount }] },
    },
  };
}

const errorOf = async (response: Response) => (await response.json())["o:errorDetails"][0];

test("an assertion signed by the registered certificate buys a token; any other is an invalid client", async () => {
  const good = await askToken(await assertion());
  expect(await good.json()).toEqual({
    access_token: expect.any(String),
    expires_in: 3600,
    token_type: "Bearer",
  });
  for (const change of [{ audience: "https://elsewhere.test" }, { kid: "other" }, { lifetime: "2h" }]) {
    const bad = await askToken(await assertion(change));
    expect([bad.status, await bad.json()]).toEqual([401, { error: "invalid_client" }]);
  }
});

test("a request without a living token gets 401 in SuiteTalk's error shape", async () => {
  await sql`update erp.access_tokens set expires_at = now() - interval '1 s'`;
  const response = await suiteql(openInvoices);
  expect(response.status).toBe(401);
  expect(await response.json()).toEqual({
    type: expect.any(String),
    title: "Unauthorized",
    status: 401,
    "o:errorDetails": [{ detail: expect.any(String), "o:errorCode": "INVALID_LOGIN" }],
  });
  bearer = (await (await askToken(await assertion())).json()).access_token;
});

test("the open-invoice query answers strings, leaves out what is empty, and pages", async () => {
  const all = await (await suiteql(openInvoices)).json();
  expect(all).toMatchObject({ count: 8, hasMore: false, offset: 0, totalResults: 8 });
  expect(all.items[1]).toEqual({
    links: [],
    id: "5002",
    tranid: "INV-10042",
    entity: "1042",
    currency: "1",
    trandate: "1/18/2026",
    duedate: "2/17/2026",
    foreigntotal: "18420.75",
    foreignamountunpaid: "9420.75",
  });
  const page = await (await suiteql(openInvoices, "?limit=3&offset=6")).json();
  expect(page).toMatchObject({ count: 2, hasMore: false, totalResults: 8 });
  expect(page.items[1]).toEqual(all.items[7]);
});

test("currencies have symbols, customers have addresses, payments are found by external id", async () => {
  const currencies = await (await suiteql("SELECT id, symbol FROM currency ORDER BY id")).json();
  expect(currencies.items[2]).toEqual({ links: [], id: "3", symbol: "JPY" });
  const shown = await (
    await suiteql(
      "SELECT t.id, BUILTIN.DF(t.currency) AS code, TO_CHAR(t.duedate, 'YYYY-MM-DD') AS due FROM transaction t WHERE t.tranid = 'INV-10042'",
    )
  ).json();
  expect(shown.items).toEqual([{ links: [], id: "5002", code: "USD", due: "2026-02-17" }]);
  const customer = await (
    await suiteql("SELECT id, entityid, companyname, email FROM customer WHERE id = 1042")
  ).json();
  expect(customer.items[0]).toMatchObject({
    companyname: "Northgate Millworks",
    email: "payables@northgate.test",
  });
  const { externalId, body } = await paymentOf(10);
  await put(externalId, body);
  const found = await (
    await suiteql(
      `SELECT id, externalid FROM transaction WHERE type='CustPymt' AND externalid='${externalId}'`,
    )
  ).json();
  expect(found.items).toEqual([{ links: [], id: expect.any(String), externalid: externalId }]);
});

test.each([
  [
    "no Prefer header",
    async () => call("/services/rest/query/v1/suiteql", { method: "POST", body: '{"q":"SELECT 1"}' }),
  ],
  ["an unknown table", async () => suiteql("SELECT id FROM employee")],
  ["an unknown column", async () => suiteql("SELECT shoe FROM customer")],
  ["a statement that writes", async () => suiteql("UPDATE customer SET email = ''")],
  ["a hidden table", async () => suiteql("SELECT c.id FROM customer c, erp.access_tokens t")],
  ["a function of the database", async () => suiteql("SELECT pg_sleep(1) FROM customer")],
  ["a placeholder", async () => suiteql("SELECT id FROM customer WHERE id = ?")],
  ["parameters", async () => suiteql("SELECT id FROM customer", "", { params: [] })],
])("SuiteQL refuses %s with 400", async (_, send) => {
  const response = await send();
  expect(response.status).toBe(400);
  expect(await errorOf(response)).toMatchObject({ "o:errorCode": expect.stringMatching(/^INVALID_/) });
});

test.each([
  ["transaction", "subsidiary", "SELECT t.subsidiary FROM transaction t", "{t=transaction}"],
  [
    "transaction",
    "shoe",
    "SELECT shoe FROM transaction WHERE type = 'CustInvc'",
    "{transaction=transaction}",
  ],
  [
    "two records",
    "shoe",
    "SELECT t.shoe FROM transaction t JOIN currency c ON c.id = t.currency",
    "{t=transaction, c=currency}",
  ],
])("a column that %s lacks is named, with the records there are: %s", async (_, name, q, available) => {
  expect(await errorOf(await suiteql(q))).toEqual({
    detail:
      "Invalid search query. Detailed unprocessed description follows. Search error occurred: " +
      `Unknown identifier '${name}'. Available identifiers are: ${available}.`,
    "o:errorQueryParam": "q",
    "o:errorCode": "INVALID_PARAMETER",
  });
});

test("features that are off take columns, records and fields away", async () => {
  const subsidiaries = "SELECT tl.subsidiary FROM transactionline tl WHERE tl.mainline = 'T'";
  const currencies = "SELECT t.currency FROM transaction t";
  for (const q of [subsidiaries, currencies, "SELECT c.id FROM currency c"])
    expect((await suiteql(q)).status).toBe(200);
  await demo("features", { multiCurrency: false, subsidiaries: false, paymentInstruments: false });
  expect(await errorOf(await suiteql(subsidiaries))).toMatchObject({
    detail: expect.stringContaining("Unknown identifier 'subsidiary'"),
  });
  expect(await errorOf(await suiteql(currencies))).toMatchObject({
    detail: expect.stringContaining("Unknown identifier 'currency'"),
  });
  expect((await suiteql("SELECT c.id FROM currency c")).status).toBe(400);
  const { externalId, body } = await paymentOf(5);
  const strict = { "x-netsuite-propertynamevalidation": "Error" };
  const refused = await put(externalId, { ...body, currency: undefined }, strict);
  expect(await errorOf(refused)).toMatchObject({ "o:errorPath": "handlingMode" });
});

test("a payment put twice under one external id is one record: the second is told that it exists", async () => {
  const { externalId, body } = await paymentOf(1420.75);
  const first = await put(externalId, body);
  const second = await put(externalId, body);
  expect([first.status, second.status]).toEqual([204, 400]);
  expect(await errorOf(second)).toEqual({
    detail: "Error while accessing a resource. This entity already exists.",
    "o:errorCode": "USER_ERROR",
    "o:errorPath": "externalId",
  });
  expect(first.headers.get("location")).toMatch(/\/record\/v1\/customerPayment\/\d+$/);
  expect(await invoice("INV-10042")).toMatchObject({ open: "8000.00" });
  expect(await payments()).toMatchObject([
    { externalId, amount: "1420.75", currency: "USD", writes: 1, applied: [{ invoiceNumber: "INV-10042" }] },
  ]);
});

test("ten puts at once under one external id are still one record", async () => {
  const { externalId, body } = await paymentOf(100);
  const answers = await Promise.all(Array.from({ length: 10 }, () => put(externalId, body)));
  const statuses = answers.map(({ status }) => status);
  expect(statuses).toContain(204);
  expect(statuses.filter((status) => status === 204)).toHaveLength(1);
  expect(statuses.filter((status) => ![204, 400, 429].includes(status))).toEqual([]);
  expect(await payments()).toHaveLength(1);
  expect(await invoice("INV-10042")).toMatchObject({ open: "9320.75" });
});

test("a record is read back by external id, and one that is not there is 404", async () => {
  const { externalId, body } = await paymentOf(20.5);
  await put(externalId, body);
  const read = await (await call(`${record}/eid:${externalId}`)).json();
  expect(read).toMatchObject({ externalId, payment: 20.5, applied: 20.5, unapplied: 0 });
  expect(read.apply.items).toBeUndefined();
  const expanded = await (await call(`${record}/eid:${externalId}?expandSubResources=true`)).json();
  expect(expanded.apply.items).toMatchObject([{ amount: 20.5, apply: true, line: 0 }]);
  const missing = await call(`${record}/eid:nobody`);
  expect([missing.status, (await errorOf(missing))["o:errorCode"]]).toEqual([404, "NONEXISTENT_ID"]);
});

test("posting a known external id again is refused", async () => {
  const { externalId, body } = await paymentOf(20);
  const post = () => call(record, { method: "POST", body: JSON.stringify({ ...body, externalId }) });
  expect((await post()).status).toBe(204);
  const again = await post();
  expect([again.status, await errorOf(again)]).toMatchObject([
    400,
    { detail: expect.stringMatching(/already exists/) },
  ]);
});

test("too much, a closed invoice, another customer's or another currency's are 400 and change nothing", async () => {
  const { body } = await paymentOf(9420.76);
  const over = await put("over", body);
  expect([over.status, await errorOf(over)]).toEqual([
    400,
    {
      detail: expect.stringContaining("remaining balance is 9420.75"),
      "o:errorCode": "USER_ERROR",
      "o:errorPath": "apply.items[0].amount",
    },
  ]);
  expect((await put("foreign", { ...body, customer: { id: "1043" } })).status).toBe(400);
  expect((await put("euro", { ...body, currency: { id: "2" } })).status).toBe(400);
  await call(`/demo/invoices/${(await invoice("INV-10042")).id}/pay-in-full`, { method: "POST" });
  expect((await put("closed", (await paymentOf(1)).body)).status).toBe(400);
  expect(await payments()).toEqual([]);
});

test.each([
  [
    "a USD bank with EUR",
    "1043",
    "2",
    "1",
    "The USD Operating account cannot be used with the EUR currency.",
  ],
  [
    "the parent's bank with a subsidiary",
    "1044",
    "2",
    "2",
    "The EUR Operating account cannot be used with the Euro Sub subsidiary.",
  ],
  ["a closed account", "1042", "1", "6", "Invalid Field Value 6 for the following field: account"],
])("%s is refused", async (_, customer, currency, account, words) => {
  const { body } = await paymentOf(5);
  const other = { customer: { id: customer }, currency: { id: currency }, account: { id: account } };
  const refused = await put("wrong-account", { ...body, ...other, apply: { items: [] } });
  expect(await errorOf(refused)).toMatchObject({ detail: expect.stringContaining(words) });
});

test("money lands in Undeposited Funds, and a stored card is charged, unless the payment says otherwise", async () => {
  const { body } = await paymentOf(5);
  await put("explicit", body);
  await put("silent", { ...body, undepFunds: undefined, handlingMode: undefined });
  expect(await payments()).toMatchObject([
    { externalId: "silent", accountId: null, charged: true },
    { externalId: "explicit", accountId: "1", charged: false },
  ]);
});

test("an invoice in instalments is applied under its own line, or none", async () => {
  const { body } = await paymentOf(5);
  const { id } = await invoice("INV-10042");
  await demo(`invoices/${id}/instalments`, {});
  const numbered = { items: [{ doc: { id }, apply: true, amount: 5, line: 0 }] };
  expect((await put("numbered", { ...body, apply: numbered })).status).toBe(400);
  expect((await put("free", body)).status).toBe(204);
});

test("a payment may be saved and not applied: the record says so, the answer does not", async () => {
  const { externalId, body } = await paymentOf(5);
  await demo("misapply", { remaining: 1 });
  expect((await put(externalId, body)).status).toBe(204);
  expect(await (await call(`${record}/eid:${externalId}`)).json()).toMatchObject({
    applied: 0,
    unapplied: 5,
  });
  expect(await invoice("INV-10042")).toMatchObject({ open: "9420.75" });
});

test("a slow write is worked off though the caller went away", async () => {
  const { externalId, body } = await paymentOf(5);
  await demo("faults", { mode: "slow", on: "write", ms: 300 });
  const impatient = fetch(`${url}${record}/eid:${externalId}`, {
    method: "PUT",
    body: JSON.stringify(body),
    headers: { authorization: `Bearer ${bearer}`, "content-type": "application/json" },
    signal: AbortSignal.timeout(50),
  });
  await expect(impatient).rejects.toThrow();
  expect(await payments()).toEqual([]);
  await expect.poll(payments, { timeout: 10_000 }).toMatchObject([{ externalId }]);
});

test("a misspelled field passes silently, unless property names are to be validated", async () => {
  const { externalId, body } = await paymentOf(5);
  const misspelled = { ...body, memmo: "x" };
  const strict = await put("strict", misspelled, { "x-netsuite-propertynamevalidation": "Error" });
  expect([strict.status, await errorOf(strict)]).toMatchObject([400, { "o:errorPath": "memmo" }]);
  expect((await put(externalId, misspelled)).status).toBe(204);
});

test("more than five requests at once: the rest get 429 CONCURRENCY_LIMIT_EXCEEDED", async () => {
  // Slow enough that all eight are in before the first is out.
  const slow = await serve({
    name: "netsuite",
    app: netsuiteApp({ sql, concurrency: 5, latencyMs: 500 }),
    host: "127.0.0.1",
    port: 0,
  });
  const ask = () => fetch(`${slow.url}${record}/1`, { headers: { authorization: `Bearer ${bearer}` } });
  const answers = await Promise.all(Array.from({ length: 8 }, ask));
  await slow.close();
  const refused = answers.filter(({ status }) => status === 429);
  expect(refused).toHaveLength(3);
  expect(await errorOf(refused[0] as Response)).toMatchObject({
    "o:errorCode": "CONCURRENCY_LIMIT_EXCEEDED",
  });
});

test("a lost answer: the payment is booked though the connection broke", async () => {
  const fault = { mode: "lose_answer", remaining: 1 };
  await call("/demo/faults", { method: "POST", body: JSON.stringify(fault) });
  const { externalId, body } = await paymentOf(7);
  await expect(put(externalId, body)).rejects.toThrow();
  expect(await payments()).toMatchObject([{ externalId, writes: 1 }]);
  expect((await put(externalId, body)).status).toBe(400);
  expect(await payments()).toMatchObject([{ externalId, writes: 1 }]);
});

test("the switches: 503 and throttling for as many requests as said", async () => {
  await call("/demo/faults", { method: "POST", body: JSON.stringify({ mode: "error_503", remaining: 2 }) });
  const ask = async () => (await suiteql(openInvoices)).status;
  expect([await ask(), await ask(), await ask()]).toEqual([503, 503, 200]);
  await call("/demo/faults", { method: "POST", body: JSON.stringify({ mode: "throttle", on: "read" }) });
  expect([await ask(), await ask()]).toEqual([429, 200]);
});
