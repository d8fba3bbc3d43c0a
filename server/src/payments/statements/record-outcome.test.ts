import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AttemptOutcome } from "../states.ts";
import { start } from "../testing/start.ts";
import { createWorld } from "../testing/world.ts";
import { leaseAttempt } from "./lease-attempt.ts";
import { recordOutcome } from "./record-outcome.ts";

let world: Awaited<ReturnType<typeof createWorld>>;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

const money = { amountMinor: 500n, currency: "USD" };
const news = {
  authorized: { kind: "authorized", providerRef: "p", money },
  captured: { kind: "captured", providerRef: "p", money, capturedAt: new Date() },
  action: { kind: "requires_action", providerRef: "p", url: "https://bank.test/" },
  declined: { kind: "declined", providerRef: "p", reason: "declined" },
  failed: { kind: "never_reached", cause: "no" },
  unknown: { kind: "unknown", cause: "no answer" },
} satisfies Record<string, AttemptOutcome>;

/** A pending payment of 500 whose attempt we hold. */
async function pending() {
  const tenant = world.tenant();
  const invoice = await tenant.invoice(500n);
  tenant.provider.failNext("authorize", "unreached");
  await start(tenant.ctx, { id: randomUUID(), lines: [[invoice, 500n]] });
  const attemptId = (await tenant.attempts())[0]?.id;
  const attempt = await leaseAttempt({ ctx: tenant.ctx, input: { attemptId } });
  if (!attempt) throw new Error("no lease");
  const record = (outcome: AttemptOutcome) => recordOutcome({ ctx: tenant.ctx, input: { attempt, outcome } });
  return { tenant, invoice, attempt, record };
}

test("a caller who comes late leaves the lease to whoever has it now", async () => {
  const { tenant, attempt } = await pending();
  const [held] = await tenant.attempts();
  const late = { ...attempt, sendBy: Date.now() - 1 };
  await recordOutcome({ ctx: tenant.ctx, input: { attempt: late, outcome: news.unknown } });
  expect(await tenant.attempts()).toEqual([held]);
});

test("while it waits for the attempt, whoever has that can write to the audit log", async () => {
  const { attempt, record } = await pending();
  const recorded = world.whoWaitsFor({ table: "attempts", id: attempt.id }, () => record(news.captured));
  expect(await recorded).toMatchObject({ state: "captured" });
});

test("captured a hundred times in parallel is written once", async () => {
  const { tenant, invoice, record } = await pending();
  const payments = await Promise.all(Array.from({ length: 100 }, () => record(news.captured)));
  expect(new Set(payments.map((payment) => payment.receipt_number)).size).toBe(1);
  expect(await tenant.balance(invoice)).toEqual([500n, 0n, 500n]);
  expect(await tenant.ledger()).toHaveLength(2);
  expect(await tenant.outbox()).toHaveLength(2);
  expect(await tenant.audit()).toEqual(["payment.started", "payment.captured"]);
});

test.each<[string, AttemptOutcome, boolean]>([
  ["captured", news.captured, false],
  ["declined", news.declined, false],
  ["failed", news.failed, false],
  ["in conflict", { ...news.captured, money: { amountMinor: 1n, currency: "USD" } }, false],
  ["authorised", news.authorized, true],
  ["challenged", news.action, true],
  ["unknown", news.unknown, true],
])(
  "an attempt that is %s keeps the card's token only while it may be sent again",
  async (_, outcome, kept) => {
    const { tenant, record } = await pending();
    await record(outcome);
    const [attempt] = await tenant.attempts();
    expect(attempt?.token).toBe(kept ? "tok_success" : null);
  },
);

describe("news out of order changes nothing:", () => {
  test.each<[string, AttemptOutcome[], string]>([
    ["authorised after captured", [news.captured, news.authorized], "captured"],
    ["a challenge after captured", [news.captured, news.action], "captured"],
    ["declined after captured", [news.captured, news.declined], "captured"],
    ["given up after captured", [news.captured, news.failed], "captured"],
    ["unknown after captured", [news.captured, news.unknown], "captured"],
    ["a challenge after authorised", [news.authorized, news.action], "authorized"],
    ["given up after authorised", [news.authorized, news.failed], "authorized"],
    ["authorised after declined", [news.declined, news.authorized], "declined"],
  ])("%s", async (_, outcomes, state) => {
    const { tenant, record } = await pending();
    for (const outcome of outcomes) await record(outcome);
    expect(await tenant.payments()).toMatchObject([{ state }]);
    expect((await tenant.attempts())[0]).toMatchObject({ state });
  });
});

test("captured, after all, of a payment that ended declined: conflicted, for a person, nothing posted", async () => {
  const { tenant, invoice, record } = await pending();
  await record(news.declined);
  await record(news.captured);
  expect(await tenant.payments()).toMatchObject([{ state: "conflicted", receipt_number: null }]);
  expect([...(await tenant.outbox()), ...(await tenant.ledger())]).toEqual([]);
  expect(await tenant.balance(invoice)).toEqual([500n, 0n, 0n]);
  expect((await tenant.audit()).at(-1)).toBe("payment.conflicted");
});

test.each([
  ["amount", { amountMinor: 499n, currency: "USD" }],
  ["currency", { amountMinor: 500n, currency: "EUR" }],
])("another %s than ours: conflicted with the hold kept, and no later news mends it", async (_, other) => {
  const { tenant, invoice, record } = await pending();
  await record({ ...news.captured, money: other });
  await record(news.captured);
  expect(await tenant.payments()).toMatchObject([{ state: "conflicted" }]);
  expect(await tenant.balance(invoice)).toEqual([500n, 500n, 0n]);
  expect([...(await tenant.outbox()), ...(await tenant.ledger())]).toEqual([]);
});

test("a wake-up that fails does not undo what was recorded", async () => {
  const { tenant } = await pending();
  const ctx = {
    ...tenant.ctx,
    wake: async () => {
      throw new Error("queue down");
    },
  };
  expect(await start(ctx, { lines: [[await tenant.invoice(5n), 5n]] })).toMatchObject({
    payment: { state: "captured" },
  });
});
