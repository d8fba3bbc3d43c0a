import { createSecretKey, randomBytes, randomUUID } from "node:crypto";
import { PassThrough } from "node:stream";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { type Connector, ErpError, type ErpInvoice } from "../connectors/connector.ts";
import { type TestServer, type TestTenant, testServer } from "../http/testing/test-server.ts";
import { startPayment } from "../payments/start-payment.ts";
import { findEmbedKey } from "../sessions/embed-keys.ts";
import { createJwks } from "../sessions/jwks.ts";
import { openSession } from "../sessions/open-session.ts";
import { createLogger } from "../telemetry/log.ts";
import { listInvoices } from "./list-invoices.ts";
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
let read: Connector["openInvoices"];
let count = 0;
beforeEach(() => {
  customerId = `K-${++count}`;
  const id = `${customerId}-1`;
  const amounts = { totalMinor: 10_000n, openMinor: 10_000n };
  const dates = { issuedOn: "2026-01-01", dueOn: "2026-01-31" };
  invoices = [{ id, number: `N-${id}`, currency: "USD", ...amounts, ...dates }];
  acme.erp.customers.set(customerId, { name: "Wayne", email: null, invoices });
  read = acme.erp.connector.openInvoices;
});
afterEach(async () => {
  acme.erp.connector.openInvoices = read;
  await acme.open.settings.set("invoices.standInMinutes", 15);
});

/** From now on the ERP answers when it is told to. */
function holdErp() {
  const gate = Promise.withResolvers<void>();
  acme.erp.connector.openInvoices = async (input) => {
    await gate.promise;
    return read(input);
  };
  return gate;
}

const list = (more: { waitMs?: number } = {}) =>
  listInvoices({ ctx: acme.ctx, input: { customerId, allowedInvoices: null, ...more } });

const sync = () => syncInvoices({ ctx: acme.ctx, input: { customerId } });

const age = (seconds: number) => acme.open.db.query`
  update pay.customers set synced_at = synced_at - make_interval(secs => ${seconds})
  where id = ${customerId} returning tenant_id`;

async function open() {
  const embedToken = await acme.token({ sub: customerId });
  const findKey = (id: string) => findEmbedKey({ ...acme.open, id });
  return openSession({ ctx: acme.ctx, input: { embedToken, locales: ["en"], findKey, jwks: createJwks() } });
}

const pay = (amountMinor = "10000") =>
  startPayment({
    ctx: acme.ctx,
    input: {
      request: {
        ...{ id: randomUUID(), currency: "USD" },
        lines: [{ invoiceId: `${customerId}-1`, amountMinor }],
        method: { type: "card", token: "tok_debit" },
        shown: { surchargeMinor: "0", totalMinor: amountMinor },
      },
      ...{ customerId, allowedInvoices: null, returnOrigin: null, locale: "en" },
    },
  });

async function timed<T>(work: () => Promise<T>): Promise<{ answer: T; tookMs: number }> {
  const before = performance.now();
  const answer = await work();
  return { answer, tookMs: performance.now() - before };
}

test("a session answers at once from the mirror with its age, and is told what the ERP says when it has said it", async () => {
  await sync();
  await age(3 * 86_400);
  const gate = holdErp();
  const { answer, tookMs } = await timed(open);
  expect(tookMs).toBeLessThan(900);
  expect(answer).toMatchObject({
    kind: "opened",
    view: {
      customer: { name: "Wayne" },
      invoices: [{ payableMinor: "10000" }],
      invoicesFreshness: { state: "refreshing", askAgainInMs: 1_000 },
    },
  });
  if (answer.kind !== "opened") throw new Error("not opened");
  expect(answer.view.invoicesFreshness?.ageMs).toBeGreaterThan(3 * 86_400_000 - 60_000);

  // In place: the same list, asked for again.
  expect(await list({ waitMs: 0 })).toMatchObject({ list: { freshness: { state: "refreshing" } } });
  for (const invoice of invoices) invoice.openMinor = 4_000n;
  gate.resolve();
  await expect
    .poll(() => list({ waitMs: 0 }))
    .toMatchObject({
      list: {
        invoices: [{ payableMinor: "4000" }],
        freshness: { state: "current", askAgainInMs: null },
      },
    });
});

test("without a mirror yet the form is told that it is loading, which is not that nothing is owed", async () => {
  const gate = holdErp();
  const { answer, tookMs } = await timed(open);
  expect(tookMs).toBeLessThan(3_000);
  const loading = { state: "loading", ageMs: null, askAgainInMs: 1_000 };
  expect(answer).toMatchObject({ kind: "opened", view: { invoices: [], invoicesFreshness: loading } });
  expect(await list({ waitMs: 0 })).toMatchObject({ list: { invoices: [], freshness: loading } });
  gate.resolve();
  await expect
    .poll(() => list({ waitMs: 0 }))
    .toMatchObject({
      list: {
        customer: { id: customerId, name: "Wayne" },
        invoices: [{ payableMinor: "10000" }],
        freshness: { state: "current" },
      },
    });

  // Nothing owed is said by an ERP that was asked.
  invoices.length = 0;
  await age(120);
  expect(await list()).toMatchObject({ list: { invoices: [], freshness: { state: "current" } } });
});

test("currencies of invoices that come later are known before: a yen has no cents", async () => {
  holdErp();
  const answer = await open();
  if (answer.kind !== "opened") throw new Error("not opened");
  expect(answer.view.currencies).toMatchObject({ JPY: 0, KWD: 3, CLF: 4 });
});

test("an ERP that answers quickly is heard in one go, its refusals too", async () => {
  expect(await open()).toMatchObject({
    view: { invoices: [{ payableMinor: "10000" }], invoicesFreshness: { state: "current" } },
  });
  acme.erp.customers.delete(customerId);
  customerId = "nobody";
  expect(await open()).toMatchObject({ kind: "refused", code: "not_found" });
});

test("an ERP that cannot be asked: the session opens with what is known, the list says so, and how old it is", async () => {
  await sync();
  await age(120);
  acme.erp.connector.openInvoices = () => Promise.reject(new ErpError("unreachable", "down"));
  expect(await open()).toMatchObject({ view: { invoicesFreshness: { state: "refreshing" } } });
  expect(await list()).toMatchObject({
    list: {
      invoices: [{ payableMinor: "10000" }],
      freshness: { state: "unreachable", askAgainInMs: 10_000 },
    },
  });
  await age(16 * 60);
  expect(await open()).toMatchObject({ view: { invoices: [{ payableMinor: "10000" }] } });
  expect(await list()).toEqual({ kind: "refused", code: "erp_unavailable" });
});

test("a reading that comes to nothing behind the answer is a line in the log, and nothing else", async () => {
  const lines: string[] = [];
  const destination = new PassThrough().on("data", (text) => lines.push(String(text)));
  const ctx = { ...acme.ctx, log: createLogger({ name: "test", destination }) };
  acme.erp.connector.openInvoices = () => Promise.reject(new TypeError("a mistake of ours"));
  const input = { customerId, allowedInvoices: null, live: true, waitMs: 0 };
  await listInvoices({ ctx, input });
  await expect.poll(() => lines.join("")).toContain("a mistake of ours");
});

test("before money moves the ERP is asked again: what it knows better decides", async () => {
  await sync();
  await age(120);
  for (const invoice of invoices) invoice.openMinor = 0n;
  expect(await pay()).toMatchObject({ kind: "refused", code: "invoice_closed" });
});

test.each([
  { standInMinutes: 15, ageMinutes: 14, outcome: { kind: "payment" } },
  { standInMinutes: 15, ageMinutes: 16, outcome: { kind: "refused", code: "erp_unavailable" } },
  { standInMinutes: 120, ageMinutes: 100, outcome: { kind: "payment" } },
  { standInMinutes: 0, ageMinutes: 2, outcome: { kind: "refused", code: "erp_unavailable" } },
])(
  "a mirror of $ageMinutes min, $standInMinutes allowed, the ERP away: $outcome.kind",
  async ({ standInMinutes, ageMinutes, outcome }) => {
    await acme.open.settings.set("invoices.standInMinutes", standInMinutes);
    await sync();
    await age(ageMinutes * 60);
    acme.erp.connector.openInvoices = () => Promise.reject(new ErpError("unreachable", "down"));
    expect(await pay()).toMatchObject(outcome);
  },
);

test.each([
  { ageMinutes: 5, outcome: { kind: "payment" } },
  { ageMinutes: 20, outcome: { kind: "refused", code: "erp_unavailable" } },
])(
  "an ERP that takes too long is one that cannot be asked: $ageMinutes min, $outcome.kind",
  async ({ ageMinutes, outcome }) => {
    await sync();
    await age(ageMinutes * 60);
    const gate = holdErp();
    const { answer, tookMs } = await timed(pay);
    expect(answer).toMatchObject(outcome);
    expect(tookMs).toBeLessThan(10_000);
    gate.resolve();
  },
);

test("a list read within the last minute asks nobody, and waits for nobody", async () => {
  await sync();
  acme.erp.connector.openInvoices = () => Promise.reject(new Error("must not be asked"));
  expect(await list()).toMatchObject({ list: { freshness: { state: "current" } } });
  expect(await pay()).toMatchObject({ kind: "payment" });
});
