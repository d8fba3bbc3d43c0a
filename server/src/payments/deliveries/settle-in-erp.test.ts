import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runOutbox } from "../../outbox/run-outbox.ts";
import { withErp } from "../../outbox/testing/erp.ts";
import { start } from "../testing/start.ts";
import { createWorld } from "../testing/world.ts";
import { paymentDeliveries as deliveries } from "./deliveries.ts";
import { settleInERP } from "./settle-in-erp.ts";

let world: Awaited<ReturnType<typeof createWorld>>;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

async function paid(amounts: bigint[]) {
  const tenant = world.tenant();
  const invoice = await tenant.invoice(1_000n);
  const paymentIds = amounts.map(() => randomUUID());
  for (const [index, id] of paymentIds.entries()) {
    await start(tenant.ctx, { id, lines: [[invoice, amounts[index] ?? 0n]] });
  }
  const settle = (paymentId: string) =>
    settleInERP({ ctx: tenant.ctx, input: { paymentId, result: { erpRef: "E-1", already: false } } });
  return { tenant, invoice, paymentIds, settle };
}

test("once the ERP has it, the amount moves from settled into the open balance, and the job is done", async () => {
  const { tenant, invoice, paymentIds, settle } = await paid([300n]);
  expect(await settle(paymentIds[0] ?? "")).toEqual({ kind: "settled" });
  expect(await tenant.balance(invoice)).toEqual([700n, 0n, 0n]);
  expect((await tenant.outbox())[0]).toMatchObject({
    kind: "erp_post",
    state: "done",
    result: { erpRef: "E-1" },
  });
});

test("a posting is no reading: what was paid elsewhere before it is not charged after it", async () => {
  const tenant = world.tenant({ flags: { "partial-payments": true } });
  const { erp, ctx, row, makeDue } = withErp(tenant);
  const id = await tenant.invoice(500n);
  const invoice = {
    ...{ id, number: `N-${id}`, currency: "USD", totalMinor: 500n, openMinor: 500n },
    ...{ issuedOn: "2026-01-01", dueOn: "2026-02-01" },
  };
  erp.customers.set(tenant.customer, { name: "Northgate", email: null, invoices: [invoice] });
  expect(await start(ctx, { lines: [[id, 200n]] })).toMatchObject({ payment: { state: "captured" } });
  const posting = (await tenant.outbox()).find(({ kind }) => kind === "erp_post")?.id as string;

  // The ERP was away for hours; the other 300 are paid there before ours are posted at last.
  await world.admin`update pay.invoices set synced_at = now() - interval '3 hours' where tenant_id = ${tenant.id}`;
  await world.admin`update pay.customers set synced_at = now() - interval '3 hours' where tenant_id = ${tenant.id}`;
  invoice.openMinor -= 300n;
  await makeDue();
  await runOutbox({ ctx, input: { id: posting, deliveries } });
  expect((await row(posting)).state).toBe("done");

  expect(await start(ctx, { lines: [[id, 300n]] })).toMatchObject({
    kind: "refused",
    code: "invoice_closed",
  });
});

test.each([
  ["UTC", "2026-03-31T23:30:00Z", "2026-03-31"],
  ["Europe/Berlin", "2026-03-31T22:30:00Z", "2026-04-01"],
  ["America/Los_Angeles", "2026-04-01T06:59:00Z", "2026-03-31"],
])(
  "a seller in %s books what was captured at %s on %s: the period hangs on it",
  async (timeZone, at, day) => {
    const { ctx, erp, captured, paymentsCapturedAt } = withErpIn(timeZone);
    const { outboxId } = await captured(100n);
    await paymentsCapturedAt(at);
    await runOutbox({ ctx, input: { id: outboxId, deliveries } });
    expect(erp.payments).toMatchObject([{ capturedOn: day }]);
  },
);

function withErpIn(timeZone: string) {
  const tenant = world.tenant({ settings: { "seller.timeZone": timeZone } });
  const paymentsCapturedAt = (at: string) =>
    world.admin`update pay.payments set captured_at = ${at} where tenant_id = ${tenant.id}`;
  return { ...withErp(tenant), paymentsCapturedAt };
}

test("ten times in parallel it moves once", async () => {
  const { tenant, invoice, paymentIds, settle } = await paid([300n, 200n]);
  const results = await Promise.all(Array.from({ length: 10 }, () => settle(paymentIds[0] ?? "")));
  expect(results.filter(({ kind }) => kind === "settled")).toHaveLength(1);
  expect(await tenant.balance(invoice)).toEqual([700n, 0n, 200n]);
});

test("while it waits for an invoice, whoever has that can write to the audit log", async () => {
  const { invoice, paymentIds, settle } = await paid([300n]);
  const settled = world.whoWaitsFor({ table: "invoices", id: invoice }, () => settle(paymentIds[0] ?? ""));
  expect(await settled).toEqual({ kind: "settled" });
});

test("a payment that is not there, or another tenant's, settles nothing", async () => {
  const { tenant, invoice, paymentIds } = await paid([300n]);
  const input = { paymentId: paymentIds[0] ?? "", result: { erpRef: "E-1", already: false } };
  expect(await settleInERP({ ctx: world.tenant().ctx, input })).toEqual({ kind: "already" });
  expect(await settleInERP({ ctx: tenant.ctx, input: { ...input, paymentId: randomUUID() } })).toEqual({
    kind: "already",
  });
  expect(await tenant.balance(invoice)).toEqual([1_000n, 0n, 300n]);
});

/**
 * The rule for the invoice sync (README.md beside this) as a model: captures, postings, settlements,
 * payments by other ways and syncs whose reading and writing lie apart, in any order.
 */
test("the sync rule: never more payable than the ERP says is open, and exact when nobody else pays", () => {
  const step = fc.constantFrom("capture", "post", "settle", "read", "write", "else");
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.boolean(), (steps, alone) => {
      const ours = { open: 100, settled: 0, syncedAt: 0 };
      let erp = 100;
      let clock = 1;
      const captured: { posted: boolean }[] = [];
      let reading: { at: number; open: number } | null = null;
      for (const name of steps) {
        clock++;
        const payable = () => Math.max(0, ours.open - ours.settled);
        if (name === "capture" && payable() >= 10) {
          ours.settled += 10;
          captured.push({ posted: false });
        } else if (name === "post") {
          const next = captured.find((one) => !one.posted);
          if (next) {
            next.posted = true;
            erp -= 10;
          }
        } else if (name === "settle") {
          const index = captured.findIndex((one) => one.posted);
          if (index >= 0) {
            captured.splice(index, 1);
            ours.open -= 10;
            ours.settled -= 10;
            ours.syncedAt = clock;
          }
        } else if (name === "read") {
          reading = { at: clock, open: erp };
        } else if (name === "write" && reading) {
          const exact = ours.settled === 0 && ours.syncedAt < reading.at;
          ours.open = exact ? reading.open : Math.min(ours.open, reading.open + ours.settled);
          ours.syncedAt = Math.max(ours.syncedAt, reading.at);
          expect(payable()).toBeLessThanOrEqual(reading.open);
          reading = null;
        } else if (name === "else" && !alone && erp >= 10) {
          erp -= 10;
        }
        const unposted = captured.filter((one) => !one.posted).length * 10;
        if (alone) expect(payable()).toBe(erp - unposted);
      }
    }),
    { numRuns: 2_000 },
  );
});
