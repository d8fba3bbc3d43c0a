import { readFileSync } from "node:fs";
import { testDatabase } from "@clarity/server/testing";
import { exportJWK, generateKeyPair } from "jose";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { openDatabase } from "../shared/database.ts";
import { serve } from "../shared/serve.ts";
import { d365App } from "./app.ts";
import { registerClient } from "./entra.ts";
import type { OracleInvoice, OracleLine } from "./oracle.ts";
import { PostingJob } from "./posting.ts";
import { schema } from "./schema.ts";
import { reseed } from "./seed.ts";

const database = await testDatabase();
const sql = await openDatabase(database.url, schema);
const posting = new PostingJob(sql, 0);
const embedKey = await generateKeyPair("ES256", { extractable: true });
const options = { sql, posting, latencyMs: 0, pageSize: 10, rate: { requests: 10_000, windowMs: 60_000 } };
let url = "";
let close = async () => {};
let bearer = "";

beforeAll(async () => {
  const pages = {
    edgeOrigin: "http://globex.localhost:4000",
    tourUrl: "/",
    loader: { path: "/v/1/loader.js", integrity: "sha384-x" },
    embedKey: { id: "key", privateJwk: await exportJWK(embedKey.privateKey) },
  };
  const served = await serve({
    name: "d365",
    app: d365App({ ...options, pages }),
    host: "127.0.0.1",
    port: 0,
  });
  url = served.url;
  close = served.close;
  await registerClient(sql, { clientId: "app", clientSecret: "a long enough secret" });
  bearer = (await (await askToken({})).json()).access_token;
});
beforeEach(() => reseed(sql, "2026-03-01"));

/** The same environment, whose application's user belongs to usmf. */
const asUserOfUsmf = (set: string, body: unknown) =>
  d365App({ ...options, defaultCompany: "usmf" }).request(`/data/${set}`, {
    method: "POST",
    headers: { authorization: `Bearer ${bearer}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });

afterAll(async () => {
  await close();
  await sql.end();
  await database.close();
});

const askToken = (change: Record<string, string>) =>
  fetch(`${url}/common/oauth2/v2.0/token`, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "client_credentials",
      client_id: "app",
      client_secret: "a long enough secret",
      scope: `${url}/.default`,
      ...change,
    }),
  });

const call = (path: string, init: RequestInit = {}) =>
  fetch(path.startsWith("http") ? path : `${url}${path}`, {
    ...init,
    headers: { authorization: `Bearer ${bearer}`, "content-type": "application/json", ...init.headers },
  });

const list = async (set: string, filter: string, more = "") =>
  (await call(`/data/${set}?cross-company=true&$filter=${encodeURIComponent(filter)}${more}`)).json();

const post = (set: string, body: unknown) =>
  call(`/data/${set}`, { method: "POST", body: JSON.stringify(body) });

async function journal(): Promise<string> {
  const made = await post("CustomerPaymentJournalHeaders", {
    dataAreaId: "usmf",
    JournalName: "CustPay",
    Description: "Card payments",
  });
  expect(made.status).toBe(201);
  return (await made.json()).JournalBatchNumber;
}

/** US-001's CIV-000702: USD, 9,420.75 open of 18,420.75. */
const lineOf = (batch: string, change: Record<string, unknown> = {}) => ({
  dataAreaId: "usmf",
  JournalBatchNumber: batch,
  AccountType: "Cust",
  AccountDisplayValue: "US\\-001",
  CreditAmount: 420.75,
  CurrencyCode: "USD",
  TransactionDate: "2026-03-01T12:00:00Z",
  PaymentReference: "pay_1",
  OffsetAccountType: "Bank",
  OffsetAccountDisplayValue: "USMF OPER",
  MarkedInvoice: "CIV-000702",
  MarkedInvoiceCompany: "usmf",
  SettleVoucher: "SelectedTransact",
  ...change,
});

const invoice = async (number: string): Promise<OracleInvoice> =>
  (await (await call("/demo/invoices")).json()).invoices.find((row: OracleInvoice) => row.number === number);
const lines = async (): Promise<OracleLine[]> => (await (await call("/demo/payments")).json()).payments;
const causeOf = async (response: Response) => (await response.json()).error.innererror.message;

test("client credentials buy a token for this environment's scope; all else is refused in Entra's words", async () => {
  expect(await (await askToken({})).json()).toEqual({
    token_type: "Bearer",
    expires_in: 3599,
    ext_expires_in: 3599,
    access_token: expect.any(String),
  });
  const secret = await askToken({ client_secret: "wrong" });
  expect([secret.status, await secret.json()]).toMatchObject([
    401,
    { error: "invalid_client", error_codes: [7000215] },
  ]);
  const scope = await askToken({ scope: "https://elsewhere.test/.default" });
  expect([scope.status, await scope.json()]).toMatchObject([400, { error: "invalid_scope" }]);
  const client = await askToken({ client_id: "nobody" });
  expect([client.status, await client.json()]).toMatchObject([400, { error: "unauthorized_client" }]);
});

test("a request without a living token gets an empty 401", async () => {
  const response = await call("/data/CustomersV3", { headers: { authorization: "Bearer expired" } });
  expect([response.status, await response.text()]).toEqual([401, ""]);
});

test("customer transactions come as F&O writes them: noon dates, empty date 1900, 64-bit numbers as numbers", async () => {
  const { value } = await list("CustTransBiEntities", "dataAreaId eq 'usmf' and Invoice eq 'CIV-000702'");
  expect(value).toEqual([
    {
      "@odata.etag": expect.stringMatching(/^W\/".+"$/),
      dataAreaId: "usmf",
      SourceKey: expect.any(Number),
      AccountNum: "US-001",
      CurrencyCode: "USD",
      AmountCur: 18420.75,
      SettleAmountCur: 9000,
      Invoice: "CIV-000702",
      Voucher: "SIV-702",
      TransDate: "2026-01-18T12:00:00Z",
      DueDate: "2026-02-17T12:00:00Z",
      Closed: "1900-01-01T12:00:00Z",
      TransType: "Sales",
    },
  ]);
  expect(value[0].SourceKey).toBeGreaterThan(2 ** 32);
});

test("without cross-company=true only the caller's own company is there", async () => {
  const { value } = await (await call("/data/CustomersV3")).json();
  expect(value).toEqual([]);
  const all = await list("CustomersV3", "CustomerAccount eq 'US-001'");
  expect(all.value.map((row: { dataAreaId: string }) => row.dataAreaId)).toEqual(["demf", "usmf"]);
});

test("filters: and, or, parentheses, comparisons, doubled quotes, case-blind text, enum members", async () => {
  const count = async (filter: string) => (await list("CustTransBiEntities", filter)).value.length;
  const own = "dataAreaId eq 'USMF' and AccountNum eq 'us-001'";
  expect(await count(own)).toBe(8);
  expect(await count(`${own} and CurrencyCode eq 'EUR'`)).toBe(2);
  expect(await count(`${own} and (CurrencyCode eq 'EUR' or AmountCur gt 1000000)`)).toBe(3);
  expect(await count(`${own} and DueDate lt 2026-03-01T00:00:00Z`)).toBe(4);
  expect(await count("Invoice eq 'it''s'")).toBe(0);
});

test("an asterisk in a filter's text stands for anything, as in the client's own filters", async () => {
  const { value } = await list("CustomersV3", "dataAreaId eq 'usmf' and CustomerAccount eq 'US*'");
  expect(value.map((row: { CustomerAccount: string }) => row.CustomerAccount)).toEqual([
    "US-001",
    "US-027",
    "US-099",
  ]);
  expect((await list("CustomersV3", "CustomerAccount eq '*.01'")).value).toEqual([]);
});

test.each([
  [
    "CustTransBiEntities",
    "AccountNum eq 'US-001' and TransType eq Microsoft.Dynamics.DataEntities.LedgerTransType'Sales'",
  ],
  ["CustTransBiEntities", "not (TransType eq Microsoft.Dynamics.DataEntities.LedgerTransType'Payment')"],
  ["CustomerPaymentJournalHeaders", "IsPosted eq Microsoft.Dynamics.DataEntities.NoYes'No'"],
])("%s asked for an enumeration answers no rows and no error: %s", async (set, filter) => {
  await journal();
  expect((await list(set, "dataAreaId eq 'usmf'")).value).not.toEqual([]);
  expect((await list(set, filter)).value).toEqual([]);
});

test("pages follow @odata.nextLink until all is read, and $top and $select cut", async () => {
  let next: string | undefined =
    `/data/CustTransBiEntities?cross-company=true&$filter=${encodeURIComponent("AccountNum eq 'US-027'")}&$select=Invoice`;
  const seen: string[] = [];
  let pages = 0;
  while (next) {
    const page: { value: { Invoice: string }[]; "@odata.nextLink"?: string } = await (
      await call(next)
    ).json();
    seen.push(...page.value.map(({ Invoice }) => Invoice));
    next = page["@odata.nextLink"];
    pages += 1;
  }
  expect([pages, new Set(seen).size]).toEqual([4, 40]);
  const top = await list("CustTransBiEntities", "AccountNum eq 'US-027'", "&$top=3&$skip=2&$count=true");
  expect(top).toMatchObject({ "@odata.count": 40, value: { length: 3 } });
  expect(top["@odata.nextLink"]).toBeUndefined();
});

test.each([
  ["an unknown property", "Shoe eq 'x'"],
  ["a half filter", "Invoice eq"],
  ["a call", "startswith(Invoice,'x')"],
])("a filter with %s is 400", async (_, filter) => {
  const response = await call(`/data/CustTransBiEntities?$filter=${encodeURIComponent(filter)}`);
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({
    error: { message: "An error has occurred.", innererror: {} },
  });
});

test("a journal gets its number from the number sequence; an unknown journal name is refused", async () => {
  expect(await journal()).toBe("00421");
  expect(await journal()).toBe("00422");
  const bad = await post("CustomerPaymentJournalHeaders", { dataAreaId: "usmf", JournalName: "Nope" });
  expect([bad.status, await causeOf(bad)]).toEqual([
    400,
    expect.stringContaining("Write failed for table row"),
  ]);
});

test("a line is stored with escaped account, found by its reference, and settles when the batch job posts", async () => {
  const batch = await journal();
  expect((await post("CustomerPaymentJournalLines", lineOf(batch))).status).toBe(201);
  const found = await list(
    "CustomerPaymentJournalLines",
    "dataAreaId eq 'usmf' and PaymentReference eq 'pay_1'",
  );
  expect(found.value).toMatchObject([
    {
      JournalBatchNumber: batch,
      LineNumber: 1,
      AccountDisplayValue: "US\\-001",
      CreditAmount: 420.75,
      MarkedInvoice: "CIV-000702",
      TransactionDate: "2026-03-01T12:00:00Z",
    },
  ]);
  expect(await invoice("CIV-000702")).toMatchObject({ open: "9420.75" });
  expect(await posting.run()).toEqual([batch]);
  expect(await posting.run()).toEqual([]);
  expect(await invoice("CIV-000702")).toMatchObject({ open: "9000.00" });
  expect(await lines()).toMatchObject([
    { reference: "pay_1", posted: true, settled: [{ invoiceNumber: "CIV-000702", amount: "420.75" }] },
  ]);
  const header = await call(
    `/data/CustomerPaymentJournalHeaders(dataAreaId='usmf',JournalBatchNumber='${batch}')?cross-company=true`,
  );
  expect(await header.json()).toMatchObject({ IsPosted: "Yes" });
});

test("one line settles several invoices through PaymentJournalLineSettledInvoices", async () => {
  const batch = await journal();
  await post("CustomerPaymentJournalLines", lineOf(batch, { MarkedInvoice: "", CreditAmount: 1000 }));
  const mark = (number: string, amount: number) =>
    asUserOfUsmf("PaymentJournalLineSettledInvoices", {
      JournalLineCompany: "usmf",
      JournalBatchNumber: batch,
      JournalLineNumber: 1,
      InvoiceNumber: number,
      InvoiceCompany: "usmf",
      SettlementAmountInInvoiceCurrency: amount,
    });
  expect([(await mark("CIV-000702", 900)).status, (await mark("CIV-000704", 89.99)).status]).toEqual([
    201, 201,
  ]);
  const over = await mark("CIV-000703", 640.11);
  expect([over.status, await causeOf(over)]).toEqual([400, expect.stringContaining("exceeds what is open")]);
  // The line says that there are several, and no more.
  const { value } = await list("CustomerPaymentJournalLines", `JournalBatchNumber eq '${batch}'`);
  expect(value).toMatchObject([{ MarkedInvoice: "*" }]);
  await posting.run();
  expect(await invoice("CIV-000702")).toMatchObject({ open: "8520.75" });
  expect(await invoice("CIV-000704")).toMatchObject({ open: "0.00" });
});

test("what names no company goes into the caller's own, and so does what has no company context", async () => {
  const header = await post("CustomerPaymentJournalHeaders", { JournalName: "CustPay" });
  expect(await header.json()).toMatchObject({ dataAreaId: "dat" });
  const batch = await journal();
  await post("CustomerPaymentJournalLines", lineOf(batch, { MarkedInvoice: "" }));
  const settled = await post("PaymentJournalLineSettledInvoices", {
    JournalLineCompany: "usmf",
    JournalBatchNumber: batch,
    JournalLineNumber: 1,
    InvoiceNumber: "CIV-000702",
    SettlementAmountInInvoiceCurrency: 420.75,
  });
  expect([settled.status, await causeOf(settled)]).toEqual([400, expect.stringContaining("no open line 1")]);
});

test("an invoice that another journal has marked cannot be marked, whatever is left of it: the journal is named", async () => {
  const blocking = await journal();
  await post("CustomerPaymentJournalLines", lineOf(blocking));
  const batch = await journal();
  const refused = await post("CustomerPaymentJournalLines", lineOf(batch));
  expect([refused.status, await causeOf(refused)]).toEqual([
    400,
    expect.stringContaining(
      `This transaction has been marked for settlement by Card payments ${blocking} in company usmf`,
    ),
  ]);
  await posting.run();
  expect((await post("CustomerPaymentJournalLines", lineOf(batch))).status).toBe(201);
});

test("a bank account takes its own currency, others only when it allows them", async () => {
  const ask = async (change: Record<string, unknown>) =>
    post("CustomerPaymentJournalLines", lineOf(await journal(), { MarkedInvoice: "", ...change }));
  const to = (account: string, currency: string) =>
    ask({ OffsetAccountDisplayValue: account, CurrencyCode: currency });
  expect((await to("USMF OPER", "EUR")).status).toBe(201);
  expect((await to("USMF USD", "USD")).status).toBe(201);
  expect(await causeOf(await to("USMF USD", "EUR"))).toContain("not allowed for bank account USMF USD");
  expect(await causeOf(await to("DEMF OPER", "EUR"))).toContain("is not found in the related table");
});

test("a line may be stored without its mark: the answer says 201, and what is stored", async () => {
  await call("/demo/unmark", { method: "POST", body: JSON.stringify({ remaining: 1 }) });
  const made = await post("CustomerPaymentJournalLines", lineOf(await journal()));
  expect([made.status, (await made.json()).MarkedInvoice]).toEqual([201, ""]);
});

test("amounts are staged with more decimals than their currency has", async () => {
  const { id } = await invoice("CIV-000702");
  await call(`/demo/invoices/${id}/open`, { method: "POST", body: JSON.stringify({ open: "100.0049999" }) });
  const { value } = await list("CustTransBiEntities", "Invoice eq 'CIV-000702'");
  expect(value).toMatchObject([{ AmountCur: 18420.75, SettleAmountCur: 18320.7450001 }]);
});

test("a settled invoice, a foreign one or a wrong currency cannot be marked", async () => {
  const batch = await journal();
  const { id } = await invoice("CIV-000702");
  await call(`/demo/invoices/${id}/pay-in-full`, { method: "POST" });
  const tries = [
    lineOf(batch),
    lineOf(batch, { AccountDisplayValue: "US\\-027" }),
    lineOf(batch, { MarkedInvoice: "CIV-000703", CurrencyCode: "EUR" }),
    lineOf(batch, { AccountDisplayValue: "NOBODY" }),
  ];
  for (const line of tries) expect((await post("CustomerPaymentJournalLines", line)).status).toBe(400);
  expect(await lines()).toEqual([]);
});

test("a misspelled property is refused, never dropped", async () => {
  const bad = await post("CustomerPaymentJournalLines", lineOf(await journal(), { PaymentRefrence: "x" }));
  expect([bad.status, await causeOf(bad)]).toEqual([
    400,
    expect.stringContaining("'PaymentRefrence' does not exist"),
  ]);
});

test("a change with an old ETag is 412, with the right one 204 and a new ETag", async () => {
  const batch = await journal();
  await post("CustomerPaymentJournalLines", lineOf(batch));
  const at = `/data/CustomerPaymentJournalLines(dataAreaId='usmf',JournalBatchNumber='${batch}',LineNumber=1)?cross-company=true`;
  const etag = (await call(at)).headers.get("etag") ?? "";
  const patch = (notes: string) =>
    call(at, {
      method: "PATCH",
      headers: { "if-match": etag },
      body: JSON.stringify({ PaymentNotes: notes }),
    });
  expect((await patch("first")).status).toBe(204);
  expect((await patch("second")).status).toBe(412);
  expect((await lines())[0]).toMatchObject({ notes: "first" });
  expect((await call(at, { method: "DELETE", headers: { "if-match": etag } })).status).toBe(412);
  expect((await call(at, { method: "DELETE" })).status).toBe(204);
  expect(await lines()).toEqual([]);
});

test("beyond the rate 429 says after how many seconds to come back", async () => {
  const app = d365App({ ...options, rate: { requests: 2, windowMs: 60_000 } });
  const ask = () => app.request("/data/CustomersV3", { headers: { authorization: `Bearer ${bearer}` } });
  expect([(await ask()).status, (await ask()).status]).toEqual([200, 200]);
  const refused = await ask();
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
});

test("a lost answer: the line is stored though the connection broke", async () => {
  const batch = await journal();
  await call("/demo/faults", { method: "POST", body: JSON.stringify({ mode: "lose_answer" }) });
  await expect(post("CustomerPaymentJournalLines", lineOf(batch))).rejects.toThrow();
  expect(await lines()).toMatchObject([{ reference: "pay_1" }]);
});

test("the custom API makes tokens for its own pages only, and takes the parameters it declares", async () => {
  const ask = (origin: string, parameters: Record<string, string>) =>
    fetch(`${url}/api/data/v9.2/contoso_GetPayToken`, {
      method: "POST",
      headers: { origin },
      body: JSON.stringify(parameters),
    });
  const id = "{3F2504E0-4F89-41D3-9A0C-0305E82C3301}";
  expect((await ask("http://evil.test", { id })).status).toBe(403);
  expect((await ask(url, { id: "{00000000-0000-0000-0000-000000000000}" })).status).toBe(404);
  expect((await ask(url, { id, "theme-mode": "dark" })).status).toBe(400);
  const own = await ask(url, { id, typename: "account", userlcid: "1033", data: "theme-mode=dark" });
  const { token } = await own.json();
  const claims = JSON.parse(Buffer.from(token.split(".")[1], "base64url").toString());
  expect(claims).toMatchObject({ iss: "key", aud: "pay", sub: "US-001" });
  expect(claims.exp - claims.iat).toBeLessThanOrEqual(600);
});

test("the form holds the web resource with the record as the host passes it, and lets no script of ours in", async () => {
  const page = await fetch(
    `${url}/main.aspx?pagetype=entityrecord&etn=account&id=%7b7c9e6679-7425-40de-944b-e07fc1f90ae7%7d&theme-mode=dark`,
  );
  const text = await page.text();
  expect(text).toContain(
    "/WebResources/contoso_pay.html?typename=account&amp;type=1&amp;id=%7b7C9E6679-7425-40DE-944B-E07FC1F90AE7%7d&amp;orgname=org5d1c7e2a&amp;userlcid=1033&amp;orglcid=1033&amp;data=theme-mode%3ddark",
  );
  expect(text).not.toContain("globex.localhost");
  const policy = page.headers.get("content-security-policy");
  expect(policy).not.toContain("unsafe-inline");
  expect(policy).not.toContain("globex.localhost");
  expect(policy).toContain("frame-src 'self';");
  expect(policy).toContain("require-trusted-types-for 'script'");
});

test("what is pasted is what the README shows: only address and hash are this demo's", async () => {
  const readme = readFileSync(new URL("../../../README.md", import.meta.url), "utf8");
  const pasted = readFileSync(new URL("web-resource/contoso_pay.html", import.meta.url), "utf8");
  expect(readme).toContain(`\`\`\`html\n${pasted}\`\`\``);
  const served = await fetch(`${url}/WebResources/contoso_pay.html`);
  expect(await served.text()).toBe(
    pasted
      .replace("https://pay.example.com/embed", "http://globex.localhost:4000/embed")
      .replace("https://pay.example.com/v/0.1.0/loader.js", "http://globex.localhost:4000/v/1/loader.js")
      .replace("sha384-…", "sha384-x"),
  );
  expect(served.headers.get("content-security-policy")).toContain("frame-ancestors 'self'");
});
