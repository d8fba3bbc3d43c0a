import { afterAll, beforeAll, expect, test } from "vitest";
import type { ErpPayment, PostResult } from "../connectors/connector.ts";
import { createFakeErp } from "../connectors/fake.ts";
import type { Context } from "../context/context.ts";
import { paymentDeliveries as deliveries } from "../payments/deliveries/deliveries.ts";
import { readPayment } from "../payments/read-payment.ts";
import { createWorld } from "../payments/testing/world.ts";
import { retryInMs } from "./backoff.ts";
import { markDead, markDone, retryLater } from "./conclude.ts";
import { leaseRow } from "./lease-row.ts";
import { listDeadLetters } from "./list-dead-letters.ts";
import { maxTries } from "./outbox-row.ts";
import { replayDeadLetter } from "./replay-dead-letter.ts";
import { runOutbox } from "./run-outbox.ts";
import { withErp } from "./testing/erp.ts";

let world: Awaited<ReturnType<typeof createWorld>>;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

const run = (ctx: Context, id: string) => runOutbox({ ctx, input: { id, deliveries } });

/** An ERP that answers this to every payment, and what it was asked. */
function answering(ctx: Context, result: PostResult): Context {
  const connector = { ...createFakeErp().connector, postPayment: async () => result };
  return { ...ctx, connector: async () => connector };
}

test("a captured payment is posted, its invoices' balances move, the result and the audit say so", async () => {
  const { ctx, erp, tenant, captured, row } = withErp(world.tenant());
  const { paymentId, outboxId, invoices } = await captured(12_500n, 300n);
  expect(await tenant.balance(invoices[0] ?? "")).toEqual([12_500n, 0n, 12_500n]);

  expect(await run(ctx, outboxId)).toEqual({ kind: "done" });

  expect(erp.payments).toMatchObject([
    {
      externalId: `pay_${paymentId}`,
      customerId: "C-1",
      currency: "USD",
      amountMinor: 12_800n,
      surchargeMinor: 0n,
    },
  ]);
  expect(erp.payments[0]?.lines.map((line) => line.invoiceId)).toEqual(invoices);
  expect(`pay_${paymentId}`).toHaveLength(40);
  expect(await tenant.balance(invoices[0] ?? "")).toEqual([0n, 0n, 0n]);
  expect(await row(outboxId)).toMatchObject({
    state: "done",
    tries: 1,
    result: { erpRef: "1", already: false, settledAt: expect.any(String) },
  });
  expect(await tenant.audit()).toContain("payment.posted");
  expect(await run(ctx, outboxId)).toEqual({ kind: "busy" });
});

test.each([
  ["UTC", "2026-03-02"],
  ["Pacific/Auckland", "2026-03-03"],
  ["America/New_York", "2026-03-02"],
])(
  "a payment is booked, and shown to the payer, on the day it is in the seller's calendar: %s",
  async (zone, day) => {
    const { ctx, erp, tenant, captured } = withErp(world.tenant({ settings: { "seller.timeZone": zone } }));
    const { paymentId, outboxId } = await captured(100n);
    await world.admin`update pay.payments set captured_at = '2026-03-02T23:30:00Z' where id = ${paymentId}`;
    await run(ctx, outboxId);
    expect(erp.payments).toMatchObject([{ capturedOn: day }]);
    const input = { paymentId, customerId: tenant.customer };
    expect(await readPayment({ ctx, input })).toMatchObject({ payment: { receipt: { capturedOn: day } } });
  },
);

test("a memo that a hook words is one line in the ERP, in bounds", async () => {
  const before = (_: unknown, input: { payment: ErpPayment }) => ({
    payment: { ...input.payment, memo: `Paid\nVOID\u202e${"x".repeat(1_000)}` },
  });
  const { ctx, erp, captured } = withErp(world.tenant({ hooks: { SyncPayment: { before } } }));
  await run(ctx, (await captured(100n)).outboxId);
  expect(erp.payments[0]?.memo).toMatch(/^Paid VOIDx+…$/);
  expect(erp.payments[0]?.memo).toHaveLength(500);
});

test("a throttled ERP is asked again, not before it said", async () => {
  const { ctx, tenant, captured, row } = withErp(world.tenant());
  const { outboxId } = await captured(100n);
  tenant.wakes.length = 0;
  const throttled = answering(ctx, { kind: "retry", cause: "429 slow down", retryAfterMs: 90_000 });
  const before = Date.now();

  expect(await run(throttled, outboxId)).toEqual({ kind: "retry" });

  const { state, due_at, last_cause } = await row(outboxId);
  expect({ state, last_cause }).toEqual({ state: "due", last_cause: "429 slow down" });
  expect(due_at.getTime()).toBeGreaterThanOrEqual(before + 89_000);
  expect(tenant.wakes).toEqual([{ kind: "outbox", id: outboxId, runAt: expect.any(Date) }]);
  expect(tenant.wakes[0]?.runAt?.getTime()).toBeGreaterThanOrEqual(before + 90_000);

  // Woken too early, it does nothing and sets its alarm again.
  expect(await run(ctx, outboxId)).toEqual({ kind: "busy" });
  expect(tenant.wakes).toHaveLength(2);
  expect(tenant.wakes[1]?.runAt?.getTime()).toBeGreaterThan(Date.now() + 60_000);
});

test("an ERP that is down, then throttles, then loses its answer ends with one payment", async () => {
  const { ctx, erp, tenant, captured, row, makeDue } = withErp(world.tenant());
  const { outboxId, invoices } = await captured(100n);
  for (const fault of ["unavailable", "throttled", "lose_answer"] as const) {
    erp.fail(fault, "write");
    expect(await run(ctx, outboxId)).toEqual({ kind: "retry" });
    await makeDue();
  }
  expect(await run(ctx, outboxId)).toEqual({ kind: "done" });
  expect(erp.payments).toHaveLength(1);
  expect(await row(outboxId)).toMatchObject({ state: "done", tries: 4, result: { already: true } });
  expect(await tenant.balance(invoices[0] ?? "")).toEqual([0n, 0n, 0n]);
});

test("an invoice changed in the ERP meanwhile: a dead letter a person sees, and can replay once it is put right", async () => {
  const { ctx, erp, tenant, captured, row } = withErp(world.tenant());
  const { paymentId, outboxId, invoices } = await captured(100n);
  const invoice = erp.customers.get("C-1")?.invoices[0];
  if (!invoice) throw new Error("no invoice");
  invoice.openMinor = 0n;

  expect(await run(ctx, outboxId)).toEqual({ kind: "dead" });

  expect(await listDeadLetters({ ctx })).toEqual([
    {
      id: outboxId,
      kind: "erp_post",
      paymentId,
      receiptNumber: expect.stringMatching(/^R-/),
      customerId: "C-1",
      currency: "USD",
      amountMinor: 100n,
      tries: 1,
      cause: expect.stringContaining("not open"),
      createdAt: expect.any(Date),
    },
  ]);
  expect(await tenant.audit()).toContain("outbox.dead");
  // The money stands: the invoice stays taken until the ERP has it.
  expect(await tenant.balance(invoices[0] ?? "")).toEqual([100n, 0n, 100n]);
  expect(await run(ctx, outboxId)).toEqual({ kind: "busy" });

  invoice.openMinor = 100n;
  expect(await replayDeadLetter({ ctx, input: { id: outboxId } })).toEqual({ kind: "replayed" });
  expect(await replayDeadLetter({ ctx, input: { id: outboxId } })).toEqual({ kind: "not_dead" });
  expect(tenant.wakes.at(-1)).toEqual({ kind: "outbox", id: outboxId });
  expect(await run(ctx, outboxId)).toEqual({ kind: "done" });
  expect(await row(outboxId)).toMatchObject({ state: "done", tries: 1 });
  expect(await tenant.audit()).toContain("outbox.replayed");
  expect(await listDeadLetters({ ctx })).toEqual([]);
});

test(`after ${maxTries} fruitless tries a row is dead`, async () => {
  const { ctx, captured, row, makeDue } = withErp(world.tenant());
  const { outboxId } = await captured(100n);
  const down = answering(ctx, { kind: "retry", cause: "503", retryAfterMs: null });
  for (let tries = 1; tries < maxTries; tries += 1) {
    expect(await run(down, outboxId)).toEqual({ kind: "retry" });
    await makeDue();
  }
  expect(await run(down, outboxId)).toEqual({ kind: "dead" });
  expect(await row(outboxId)).toMatchObject({ state: "dead", tries: maxTries, last_cause: "503" });
});

test("ten workers at one row: one works, the payment is posted once", async () => {
  const { ctx, erp, captured } = withErp(world.tenant());
  const { outboxId } = await captured(100n);
  const results = await Promise.all(Array.from({ length: 10 }, () => run(ctx, outboxId)));
  expect(results.filter(({ kind }) => kind === "done")).toHaveLength(1);
  expect(results.filter(({ kind }) => kind === "busy")).toHaveLength(9);
  expect(erp.payments).toHaveLength(1);
});

test("a worker that lost its lease cannot bury or postpone the row", async () => {
  const { ctx, captured, row, makeDue } = withErp(world.tenant());
  const { outboxId } = await captured(100n);
  const overtaken = (result: PostResult): Context => ({
    ...ctx,
    connector: async () => ({
      ...createFakeErp().connector,
      postPayment: async () => {
        await makeDue();
        await leaseRow({ ctx, input: { id: outboxId } });
        return result;
      },
    }),
  });
  await run(overtaken({ kind: "refused", cause: "late" }), outboxId);
  await makeDue();
  await run(overtaken({ kind: "retry", cause: "late", retryAfterMs: 60_000 }), outboxId);
  expect(await row(outboxId)).toMatchObject({ state: "due", tries: 4, last_cause: null });
  expect((await row(outboxId)).leased_until.getTime()).toBeGreaterThan(Date.now());
});

test("a worker that lost its lease before a replay leaves the row to the one at work after it", async () => {
  const { ctx, captured, row, makeDue } = withErp(world.tenant());
  const { outboxId: id } = await captured(100n);
  const lease = async () => {
    const leased = await leaseRow({ ctx, input: { id } });
    if (!leased) throw new Error("not leased");
    return leased;
  };
  const stalled = await lease();
  await makeDue();
  await markDead({ ctx, input: { row: await lease(), cause: "the period is closed" } });
  await replayDeadLetter({ ctx, input: { id } });
  const atWork = await lease();
  expect(atWork.tries).toBe(stalled.tries);
  await retryLater({ ctx, input: { row: stalled, cause: "late", inMs: 0 } });
  await markDead({ ctx, input: { row: stalled, cause: "late" } });
  await markDone({ ctx, input: { row: stalled, result: { status: "sent" } } });
  expect(await leaseRow({ ctx, input: { id } })).toBeNull();
  expect(await row(id)).toMatchObject({ state: "due", tries: 1, last_cause: "the period is closed" });
  await markDone({ ctx, input: { row: atWork, result: { status: "sent" } } });
  expect(await row(id)).toMatchObject({ state: "done" });
});

test("a connector that throws is tried again, and says why", async () => {
  const { ctx, captured, row } = withErp(world.tenant());
  const { outboxId } = await captured(100n);
  const broken = { ...ctx, connector: () => Promise.reject(new Error("the key is no PEM")) };
  expect(await run(broken, outboxId)).toEqual({ kind: "retry" });
  expect(await row(outboxId)).toMatchObject({ state: "due", last_cause: "the key is no PEM" });
});

test("SyncPayment hooks may word the memo, cannot move money, and may fail", async () => {
  const seen: string[] = [];
  const tenant = world.tenant({
    hooks: {
      SyncPayment: {
        before: (about, { payment }) => {
          for (const line of [...about.lines, ...payment.lines]) line.amountMinor = 1n;
          return {
            payment: Object.assign(payment, { memo: "PO 4711", amountMinor: 1n, externalId: "other" }),
          };
        },
        after: (about, { erpRef }) => {
          seen.push(`${about.paymentId} ${erpRef}`);
          throw new Error("the hook broke");
        },
      },
    },
  });
  const { ctx, erp, captured } = withErp(tenant);
  const { outboxId, paymentId } = await captured(100n);
  expect(await run(ctx, outboxId)).toEqual({ kind: "done" });
  expect(erp.payments).toMatchObject([
    { memo: "PO 4711", amountMinor: 100n, externalId: `pay_${paymentId}`, lines: [{ amountMinor: 100n }] },
  ]);
  expect(seen).toEqual([`${paymentId} 1`]);
});

test("pauses grow threefold from 2 s to 6 h, are shortened by up to half, and keep what the ERP asked", () => {
  const full = [1, 2, 3, 10, 11, 12].map((tries) => retryInMs(tries, null, 0));
  expect(full).toEqual([2_000, 6_000, 18_000, 21_600_000, 21_600_000, 21_600_000]);
  expect(retryInMs(3, null, 0.999)).toBeGreaterThanOrEqual(9_000);
  expect(retryInMs(1, 30_000, 0)).toBe(30_000);
});
