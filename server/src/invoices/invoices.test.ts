import { createSecretKey, randomBytes } from "node:crypto";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { ErpInvoice } from "../connectors/connector.ts";
import { type TestServer, type TestTenant, testServer } from "../http/testing/test-server.ts";
import { listInvoices } from "./list-invoices.ts";
import { readMirror } from "./read-mirror.ts";
import { syncInvoices } from "./sync-invoices.ts";

let line: TestServer;
let acme: TestTenant;
beforeAll(async () => {
  line = await testServer({ edgeKey: { alg: "HS256", key: createSecretKey(randomBytes(32)) } });
  acme = await line.createTenant("acme");
});
afterAll(() => line.close());

let customerId = "";
let invoices: ErpInvoice[] = [];
let count = 0;
beforeEach(() => {
  count += 1;
  customerId = `K-${count}`;
  invoices = [];
  acme.erp.customers.set(customerId, { name: "Wayne", email: null, invoices });
});

const allowedInvoices = null;
const list = () => listInvoices({ ctx: acme.ctx, input: { customerId, allowedInvoices } });
const sync = () => syncInvoices({ ctx: acme.ctx, input: { customerId } });

function owe(openMinor: bigint, more: Partial<ErpInvoice> = {}): ErpInvoice {
  const id = `${customerId}-${invoices.length}`;
  const dates = { issuedOn: "2026-01-01", dueOn: "2026-01-31" };
  const invoice = {
    id,
    number: `N-${id}`,
    currency: "USD",
    totalMinor: openMinor,
    openMinor,
    ...dates,
    ...more,
  };
  invoices.push(invoice);
  return invoice;
}

const setBalances = (id: string, held: bigint, settled: bigint) =>
  acme.open.db.query`
    update pay.invoices set held_minor = ${held}, settled_minor = ${settled}
    where id = ${id} returning tenant_id`;

const age = (seconds: number) =>
  acme.open.db.query`
    with aged as (
      update pay.invoices set synced_at = synced_at - make_interval(secs => ${seconds})
      where customer_id = ${customerId})
    update pay.customers set synced_at = synced_at - make_interval(secs => ${seconds})
    where id = ${customerId} returning tenant_id`;

async function payable(): Promise<Record<string, string>> {
  const mirror = await readMirror({ ctx: acme.ctx, input: { customerId, allowedInvoices } });
  return Object.fromEntries((mirror?.list.invoices ?? []).map(({ id, payableMinor }) => [id, payableMinor]));
}

test("invoices come oldest due first, with amounts above 2^53 exact and days overdue", async () => {
  owe(9_007_199_254_740_993n, { dueOn: "2026-03-01" });
  owe(1_250n, { currency: "KWD", dueOn: "2026-02-01" });
  owe(5n, { currency: "JPY", dueOn: "9999-12-31" });
  const listed = await list();
  if (listed.kind === "refused") throw new Error(listed.code);
  expect(listed.customerName).toBe("Wayne");
  expect(listed.list.invoices.map(({ currency, openMinor }) => [currency, openMinor])).toEqual([
    ["KWD", "1250"],
    ["USD", "9007199254740993"],
    ["JPY", "5"],
  ]);
  expect(listed.list.invoices[2]?.overdueDays).toBe(0);
});

test("an invoice is overdue from the day after it was due in the seller's calendar, whatever the day elsewhere", async () => {
  owe(100n, { dueOn: "2026-03-29" });
  await sync();
  const cases: [zone: string, instant: string, overdueDays: number][] = [
    ["UTC", "2026-03-29T23:59:59Z", 0],
    ["UTC", "2026-03-30T00:00:00Z", 1],
    // The day the clocks are put forward has 23 hours.
    ["Europe/Berlin", "2026-03-29T21:59:59Z", 0],
    ["Europe/Berlin", "2026-03-29T22:00:00Z", 1],
    ["America/Los_Angeles", "2026-03-30T06:59:59Z", 0],
    ["America/Los_Angeles", "2026-03-30T07:00:00Z", 1],
    ["Pacific/Kiritimati", "2026-03-29T10:00:00Z", 1],
    ["Etc/GMT+12", "2026-03-30T11:59:59Z", 0],
    ["Etc/GMT+12", "2026-04-30T12:00:00Z", 32],
  ];
  for (const [zone, instant, overdueDays] of cases) {
    await acme.open.settings.set("seller.timeZone", zone);
    const ctx = { ...acme.ctx, now: () => new Date(instant) };
    const mirror = await readMirror({ ctx, input: { customerId, allowedInvoices } });
    expect([zone, instant, mirror?.list.invoices[0]?.overdueDays]).toEqual([zone, instant, overdueDays]);
  }
  await acme.open.settings.unset("seller.timeZone");
});

test("a name that would begin a line, turn its direction or fill a page comes in as one short line", async () => {
  const mega = 1_000_000;
  acme.erp.customers.set(customerId, {
    name: `Wayne\nTotal paid: 0.00 \u202eevil${"x".repeat(mega)}`,
    email: `ap@wayne.test${"y".repeat(mega)}`,
    invoices,
  });
  owe(100n, { number: "INV-2: paid \u2067" });
  owe(200n, { number: "z".repeat(150) });
  owe(300n, { number: "\u202e" });
  // Whom the ERP would not know again by what is left is withheld.
  owe(400n, { number: "INV-1\r\nINV-2: paid" });
  owe(500n, { number: "z".repeat(mega) });
  await sync();
  const [row] = await acme.open.db.query<{ tenant_id: string; size: number }>`
    select tenant_id, octet_length(name) + octet_length(email) as size from pay.customers where id = ${customerId}`;
  expect(row?.size).toBeLessThan(5_000);
  const mirror = await readMirror({ ctx: acme.ctx, input: { customerId, allowedInvoices } });
  expect(mirror?.customerName).toMatch(/^Wayne Total paid: 0.00 evilx+…$/);
  expect(mirror?.customerName).toHaveLength(200);
  expect(mirror?.list.invoices.map(({ number }) => number)).toEqual([
    "INV-2: paid ",
    `${"z".repeat(119)}…`,
    `${customerId}-2`,
  ]);
});

test("rows of before names were cleaned are clean where they are shown", async () => {
  owe(100n);
  await sync();
  await acme.open.db.query`
    with customer as (update pay.customers set name = E'Way\\nne\u202e' where id = ${customerId})
    update pay.invoices set number = E'N\\n1' where customer_id = ${customerId} returning tenant_id`;
  const mirror = await readMirror({ ctx: acme.ctx, input: { customerId, allowedInvoices } });
  expect([mirror?.customerName, mirror?.list.invoices[0]?.number]).toEqual(["Way ne", "N 1"]);
});

test("what the ERP no longer lists is no longer payable", async () => {
  const [first, second] = [owe(100n), owe(200n)];
  await sync();
  invoices.splice(0, 1);
  await sync();
  expect(await payable()).toEqual({ [second.id]: "200" });
  expect(first.id).not.toBe(second.id);
  invoices.length = 0;
  await sync();
  expect(await payable()).toEqual({});
});

test("what payments under way hold is not payable, and the hold survives a reading", async () => {
  const { id } = owe(1_000n);
  await sync();
  await setBalances(id, 400n, 0n);
  await sync();
  expect(await payable()).toEqual({ [id]: "600" });
});

test.each([
  ["does not show it yet", 1_000n],
  ["shows it already", 700n],
])("a capture of 300 not yet known as posted leaves 700, whether the ERP %s", async (_, read) => {
  const invoice = owe(1_000n);
  await sync();
  await setBalances(invoice.id, 0n, 300n);
  invoice.openMinor = read;
  await sync();
  await sync();
  expect(await payable()).toEqual({ [invoice.id]: "700" });
});

test("somebody paid in the ERP meanwhile: never more payable than the ERP says is open", async () => {
  const invoice = owe(1_000n);
  await sync();
  await setBalances(invoice.id, 0n, 300n);
  invoice.openMinor = 200n;
  await sync();
  expect(await payable()).toEqual({ [invoice.id]: "200" });
});

test("payable is never below 0, and what is captured in full is gone", async () => {
  const [held, settled] = [owe(100n), owe(100n)];
  await sync();
  await setBalances(held.id, 90n, 40n);
  await setBalances(settled.id, 0n, 100n);
  expect(await payable()).toEqual({ [held.id]: "0" });
});

test("a posting confirmed while the ERP was read knows better than the reading", async () => {
  const { id } = owe(1_000n);
  await sync();
  const { connector } = acme.erp;
  const read = connector.openInvoices;
  connector.openInvoices = async (input) => {
    const account = await read(input);
    await acme.open.db.query`
      update pay.invoices set open_minor = 400, synced_at = clock_timestamp() where id = ${id} returning tenant_id`;
    return account;
  };
  await sync();
  expect(await payable()).toEqual({ [id]: "400" });
  // That reading makes the customer fresh: what else it says was paid must count.
  invoices.length = 0;
  await sync();
  connector.openInvoices = read;
  expect(await payable()).toEqual({});
});

test("a reading begun before the one that is stored writes nothing, not even of what it did not list", async () => {
  owe(100n);
  await sync();
  const { connector } = acme.erp;
  const read = connector.openInvoices;
  connector.openInvoices = async (input) => {
    const account = structuredClone(await read(input));
    connector.openInvoices = read;
    owe(50n);
    // Another process, with another connector to the same ERP.
    const ctx = { ...acme.ctx, connector: async () => ({ ...connector }) };
    await syncInvoices({ ctx, input: { customerId } });
    return account;
  };
  await sync();
  expect(await payable()).toEqual({ [`${customerId}-0`]: "100", [`${customerId}-1`]: "50" });
});

test("a mirror younger than a minute is answered without asking the ERP, an older one by the database's clock is read again", async () => {
  const invoice = owe(100n);
  await list();
  invoice.openMinor = 50n;
  expect(await list()).toMatchObject({ list: { invoices: [{ openMinor: "100" }] } });
  await age(61);
  const ctx = { ...acme.ctx, now: () => new Date(Date.now() - 300_000) };
  expect(await listInvoices({ ctx, input: { customerId, allowedInvoices } })).toMatchObject({
    list: { invoices: [{ openMinor: "50" }] },
  });
});

test("while the ERP is down the mirror stands in for 15 minutes, no longer", async () => {
  owe(100n);
  await list();
  await age(14 * 60);
  acme.erp.fail("unavailable", "read");
  expect(await list()).toMatchObject({ kind: "invoices", list: { invoices: [{ openMinor: "100" }] } });
  await age(61);
  acme.erp.fail("throttled", "read");
  expect(await list()).toEqual({ kind: "refused", code: "erp_unavailable" });
});

test("readers who come at once share one question to the ERP", async () => {
  owe(100n);
  const { connector } = acme.erp;
  const read = connector.openInvoices;
  let asked = 0;
  connector.openInvoices = (input) => {
    asked += 1;
    return read(input);
  };
  const results = await Promise.all(Array.from({ length: 20 }, sync));
  connector.openInvoices = read;
  expect(asked).toBe(1);
  expect(new Set(results.map(({ kind }) => kind))).toEqual(new Set(["synced"]));
});

test("readings and payments that lock the same invoices at once do not deadlock", async () => {
  for (let index = 0; index < 30; index++) owe(100n);
  await sync();
  const hold = () =>
    acme.open.db.query`
      with locked as (select id from pay.invoices where customer_id = ${customerId} order by id for update)
      update pay.invoices i set held_minor = held_minor + 1 from locked where i.id = locked.id returning tenant_id`;
  const removed = invoices.splice(3, 5);
  await Promise.all(Array.from({ length: 10 }, (_, index) => (index % 2 ? hold() : sync())));
  expect(Object.keys(await payable())).toHaveLength(30 - removed.length);
});
