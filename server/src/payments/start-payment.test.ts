import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startPayment } from "./start-payment.ts";
import { paymentRequest, start } from "./testing/start.ts";
import { createWorld } from "./testing/world.ts";

let world: Awaited<ReturnType<typeof createWorld>>;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

test("a good card pays two invoices: captured once, ledger, outbox, audit and balances in one go", async () => {
  const tenant = world.tenant();
  const a = await tenant.invoice(10_000n);
  const b = await tenant.invoice(5_000n);
  const result = await start(tenant.ctx, {
    lines: [
      [a, 10_000n],
      [b, 2_000n],
    ],
  });

  expect(result).toMatchObject({
    kind: "payment",
    created: true,
    payment: {
      state: "captured",
      totalMinor: "12000",
      action: null,
      reason: null,
      receipt: { number: expect.stringMatching(/^R-\d+$/), card: { brand: "visa", last4: "4242" } },
    },
  });
  expect([...tenant.provider.charges.values()]).toMatchObject([
    { captures: 1, captured: { amountMinor: 12_000n, currency: "USD" } },
  ]);
  expect(await tenant.balance(a)).toEqual([10_000n, 0n, 10_000n]);
  expect(await tenant.balance(b)).toEqual([5_000n, 0n, 2_000n]);
  const ledger = await tenant.ledger();
  expect(ledger.map((row) => [row.account, row.invoice_id, row.amount_minor])).toEqual([
    ["provider_clearing", null, 12_000n],
    ["receivable", a, -10_000n],
    ["receivable", b, -2_000n],
  ]);
  expect((await tenant.outbox()).map((row) => row.kind)).toEqual(["erp_post", "receipt_email"]);
  expect(await tenant.audit()).toEqual(["payment.started", "payment.captured"]);
  expect(tenant.wakes.map((job) => job.kind)).toEqual(["outbox", "outbox"]);
});

test("a payment costs three statements: load, transaction 1, transaction 2", async () => {
  const tenant = world.tenant();
  const invoice = await tenant.invoice(100n);
  let statements = 0;
  const db = {
    ...tenant.ctx.db,
    query: ((...args: Parameters<typeof tenant.ctx.db.query>) => {
      statements++;
      return tenant.ctx.db.query(...args);
    }) as typeof tenant.ctx.db.query,
  };
  await start({ ...tenant.ctx, db }, { lines: [[invoice, 100n]] });
  expect(statements).toBe(3);
});

test("without an ERP a capture lowers the open balance itself and posts nothing", async () => {
  const tenant = world.tenant({ erp: false });
  const invoice = await tenant.invoice(900n);
  await start(tenant.ctx, { lines: [[invoice, 400n]] });
  expect(await tenant.balance(invoice)).toEqual([500n, 0n, 0n]);
  expect((await tenant.outbox()).map((row) => row.kind)).toEqual(["receipt_email"]);
});

test("a declined card gives the hold back and a new payment may be tried", async () => {
  const tenant = world.tenant();
  const invoice = await tenant.invoice(700n);
  const declined = await start(tenant.ctx, { lines: [[invoice, 700n]], token: "tok_insufficient" });
  expect(declined).toMatchObject({ payment: { state: "declined", reason: "insufficient_funds" } });
  expect(await tenant.balance(invoice)).toEqual([700n, 0n, 0n]);
  expect(await tenant.outbox()).toEqual([]);
  expect(await start(tenant.ctx, { lines: [[invoice, 700n]] })).toMatchObject({
    payment: { state: "captured" },
  });
});

test("amounts above 2^53 and currencies of 0 and 3 decimals arrive at the provider exactly", async () => {
  const tenant = world.tenant();
  const amounts: [string, bigint][] = [
    ["JPY", 9_007_199_254_740_993n],
    ["KWD", 1_000_000_001n],
  ];
  for (const [currency, amount] of amounts) {
    const invoice = await tenant.invoice(amount, { currency });
    expect(await start(tenant.ctx, { lines: [[invoice, amount]], currency })).toMatchObject({
      payment: { state: "captured", totalMinor: `${amount}` },
    });
  }
  expect([...tenant.provider.charges.values()].map((charge) => charge.captured)).toEqual(
    amounts.map(([currency, amountMinor]) => ({ amountMinor, currency })),
  );
});

describe("refused, nothing stored, provider not charged:", () => {
  const cases: [string, string, (tenant: ReturnType<typeof world.tenant>) => Promise<unknown>][] = [
    [
      "more than the balance",
      "amount_exceeds_balance",
      async (t) => start(t.ctx, { lines: [[await t.invoice(10n), 11n]] }),
    ],
    [
      "an amount of 0",
      "validation_failed",
      async (t) => start(t.ctx, { lines: [[await t.invoice(10n), 0n]] }),
    ],
    ["a closed invoice", "invoice_closed", async (t) => start(t.ctx, { lines: [[await t.invoice(0n), 1n]] })],
    [
      "another currency than the invoice's",
      "currency_mismatch",
      async (t) => start(t.ctx, { lines: [[await t.invoice(10n, { currency: "EUR" }), 1n]] }),
    ],
    ["an invoice that does not exist", "not_found", async (t) => start(t.ctx, { lines: [["nope", 1n]] })],
    [
      "another customer's invoice",
      "not_found",
      async (t) => start(t.ctx, { lines: [[await t.invoice(10n, { customerId: "C-2" }), 1n]] }),
    ],
    [
      "an invoice outside the session",
      "not_found",
      async (t) => {
        const request = paymentRequest({ lines: [[await t.invoice(10n), 1n]] });
        const input = {
          request,
          customerId: "C-1",
          allowedInvoices: ["other"],
          returnOrigin: null,
          locale: "en",
        };
        return startPayment({ ctx: t.ctx, input });
      },
    ],
    [
      "the same invoice in two lines",
      "validation_failed",
      async (t) => {
        const invoice = await t.invoice(10n);
        return start(t.ctx, {
          lines: [
            [invoice, 5n],
            [invoice, 5n],
          ],
        });
      },
    ],
    [
      "a token the provider does not know",
      "payment_method_invalid",
      async (t) => start(t.ctx, { lines: [[await t.invoice(10n), 1n]], token: "tok_stolen" }),
    ],
    [
      "an account that does not say which it is",
      "provider_unavailable",
      async (t) => {
        t.provider.failNext("account", "unreached");
        return start(t.ctx, { lines: [[await t.invoice(10n), 1n]] });
      },
    ],
    [
      "a card that cannot be looked at",
      "provider_unavailable",
      async (t) => {
        t.provider.failNext("inspect", "unreached");
        return start(t.ctx, { lines: [[await t.invoice(10n), 1n]] });
      },
    ],
  ];
  test.each(cases)("%s: %s", async (_, code, act) => {
    const tenant = world.tenant();
    expect(await act(tenant)).toEqual({ kind: "refused", code });
    expect(await tenant.payments()).toEqual([]);
    expect(tenant.provider.charges.size).toBe(0);
  });
});

test("one bad line holds nothing of the good one", async () => {
  const tenant = world.tenant();
  const good = await tenant.invoice(10n);
  await start(tenant.ctx, {
    lines: [
      [good, 5n],
      [await tenant.invoice(10n), 11n],
    ],
  });
  expect(await tenant.balance(good)).toEqual([10n, 0n, 0n]);
});

describe("the amount the payer saw", () => {
  const settings = {
    "surcharge.rules": [{ brand: "any", funding: "credit", basisPoints: 250, maximumMinor: "300" }],
  };

  test("is charged with its surcharge, which is income and no invoice's", async () => {
    const tenant = world.tenant({ settings });
    const invoice = await tenant.invoice(1_010n);
    const result = await start(tenant.ctx, { lines: [[invoice, 1_010n]], surchargeMinor: 25n });
    expect(result).toMatchObject({
      payment: { state: "captured", surchargeMinor: "25", totalMinor: "1035" },
    });
    const ledger = await tenant.ledger();
    expect(ledger.map((row) => row.amount_minor)).toEqual([1_035n, -1_010n, -25n]);
    expect(await tenant.balance(invoice)).toEqual([1_010n, 0n, 1_010n]);
  });

  test("differs from ours: amount_changed with the new quote, nothing stored", async () => {
    const tenant = world.tenant({ settings });
    const invoice = await tenant.invoice(1_000_000n);
    expect(await start(tenant.ctx, { lines: [[invoice, 1_000_000n]] })).toEqual({
      kind: "refused",
      code: "amount_changed",
      quote: { amountMinor: "1000000", surchargeMinor: "300", totalMinor: "1000300" },
    });
    expect(await tenant.payments()).toEqual([]);
  });

  test("carries no surcharge for a debit card", async () => {
    const tenant = world.tenant({ settings });
    const lines: [string, bigint][] = [[await tenant.invoice(1_000n), 1_000n]];
    expect(await start(tenant.ctx, { lines, token: "tok_debit" })).toMatchObject({
      payment: { state: "captured", surchargeMinor: "0" },
    });
  });
});

describe("a provider that does not answer well is never a decline:", () => {
  test.each(["unreached", "answer_lost", "throws"] as const)("authorize %s", async (fault) => {
    const tenant = world.tenant();
    const invoice = await tenant.invoice(500n);
    tenant.provider.failNext("authorize", fault);
    expect(await start(tenant.ctx, { lines: [[invoice, 500n]] })).toMatchObject({
      payment: { state: "processing", reason: null },
    });
    expect(await tenant.balance(invoice)).toEqual([500n, 500n, 0n]);
    expect(tenant.wakes).toMatchObject([{ kind: "resolve_attempt", runAt: expect.any(Date) }]);
  });

  test.each(["unreached", "answer_lost", "throws"] as const)("capture %s", async (fault) => {
    const tenant = world.tenant();
    const invoice = await tenant.invoice(500n);
    tenant.provider.failNext("capture", fault);
    expect(await start(tenant.ctx, { lines: [[invoice, 500n]] })).toMatchObject({
      payment: { state: "processing" },
    });
    expect((await tenant.payments())[0]).toMatchObject({ state: "authorized" });
    expect(await tenant.balance(invoice)).toEqual([500n, 500n, 0n]);
  });

  test("an answer that never comes: the payer is told processing within 12 s", async () => {
    const tenant = world.tenant();
    tenant.provider.failNext("authorize", "hang");
    const started = Date.now();
    expect(await start(tenant.ctx, { lines: [[await tenant.invoice(500n), 500n]] })).toMatchObject({
      payment: { state: "processing" },
    });
    expect(Date.now() - started).toBeLessThan(12_500);
  });
});

test("the provider took another amount: conflicted, hold kept, nothing posted, nothing in the ledger", async () => {
  const tenant = world.tenant();
  const invoice = await tenant.invoice(500n);
  tenant.provider.failNext("capture", "wrong_amount");
  expect(await start(tenant.ctx, { lines: [[invoice, 500n]] })).toMatchObject({
    payment: { state: "processing", receipt: null },
  });
  expect((await tenant.payments())[0]).toMatchObject({ state: "conflicted" });
  expect(await tenant.balance(invoice)).toEqual([500n, 500n, 0n]);
  expect([...(await tenant.outbox()), ...(await tenant.ledger())]).toEqual([]);
  expect(await tenant.audit()).toEqual(["payment.started", "payment.conflicted"]);
});
