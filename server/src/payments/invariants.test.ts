import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Context } from "../context/context.ts";
import type { FakeFault, FakeOperation } from "../providers/fake.ts";
import { captureKeyOf } from "../providers/provider.ts";
import { TenantUnavailable } from "../tenant/errors.ts";
import { acceptWebhook } from "./accept-webhook.ts";
import { readPayment } from "./read-payment.ts";
import { resolveAttempt } from "./resolve-attempt.ts";
import { resumePayment } from "./resume-payment.ts";
import { type Ask, start } from "./testing/start.ts";
import { createWorld, type TestTenant } from "./testing/world.ts";

let world: Awaited<ReturnType<typeof createWorld>>;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

const balance = 100n;
const slots = 4;

type Op = { slot: number } & (
  | { kind: "start" | "twin" | "read" | "resume" | "resolve" | "sweep" | "webhook" }
  | { kind: "challenge"; success: boolean }
);
interface Call {
  op: Op;
  /** A fault the provider's next such call meets. */
  fault: { operation: FakeOperation; fault: FakeFault } | null;
  /** The process dies at its n-th statement: before it is sent, or after it committed. */
  crash: { statement: number; committed: boolean } | null;
}
/** Calls made at once, and the seconds that pass after. */
interface Wave {
  calls: Call[];
  thenS: number;
}

const slot = fc.nat(slots - 1);
const op: fc.Arbitrary<Op> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("start" as const), slot }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("challenge" as const), slot, success: fc.boolean() }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constantFrom("twin", "read", "resume", "resolve", "webhook"), slot }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("sweep" as const), slot }) },
);
const fault = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      operation: fc.constantFrom<FakeOperation[]>("authorize", "capture", "find", "inspect"),
      fault: fc.constantFrom<FakeFault[]>("unreached", "answer_lost", "throws", "absent", "wrong_amount"),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      operation: fc.constantFrom<FakeOperation[]>("capture", "capture", "authorize"),
      fault: fc.constantFrom<FakeFault[]>("error_stored", "error_after", "error_late"),
    }),
  },
);
const crash = fc.record({ statement: fc.nat(4), committed: fc.boolean() });
const call: fc.Arbitrary<Call> = fc.record({
  op,
  fault: fc.option(fault, { freq: 2 }),
  crash: fc.option(crash, { freq: 3 }),
});
const wave: fc.Arbitrary<Wave> = fc.record({
  calls: fc.array(call, { minLength: 1, maxLength: 4 }),
  thenS: fc.constantFrom(0, 0, 3, 40, 40, 100, 1_000, 2_000),
});
const plans = fc.array(
  fc.record({
    lines: fc.subarray([0, 1], { minLength: 1 }),
    amount: fc.constantFrom(30n, 60n, 100n),
    token: fc.constantFrom("tok_success", "tok_success", "tok_challenge", "tok_declined"),
  }),
  { minLength: slots, maxLength: slots },
);

const waves = fc.array(wave, { minLength: 1, maxLength: 8 });
const vendors = fc.constantFrom("once" as const, "once" as const, "several" as const);

test("whatever calls, faults and crashes: provider captures = captured payments = postings, nothing twice", {
  timeout: 240_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(vendors, plans, waves, async (captures, asks, waves) => {
      const tenant = world.tenant();
      tenant.provider.captures = captures;
      const invoices = [await tenant.invoice(balance), await tenant.invoice(balance)];
      const payments = asks.map(({ lines, amount, token }) => ({
        id: randomUUID(),
        token,
        lines: lines.map((index): [string, bigint] => [invoices[index] ?? "", amount]),
      }));
      const told = new Map<string, Set<string>>();
      let passedS = 0;
      for (const { calls, thenS } of waves) {
        // A provider lists a charge late, not never: what it hides for a quarter of an hour, it lost.
        const late = passedS < 900;
        const met = calls.map((one) =>
          one.fault?.fault === "absent" && !late ? { ...one, fault: null } : one,
        );
        await Promise.all(met.map((one) => perform(tenant, payments, { ...one, told })));
        await holdsWithinBalances(tenant, invoices);
        if (thenS > 0) await tenant.age(thenS);
        passedS += thenS;
        if (passedS >= 900) tenant.provider.heal();
      }
      await settleEverything(tenant);
      await holdsWithinBalances(tenant, invoices);
      await booksAgree(tenant, invoices);
      await nobodyWasMisled(tenant, told);
      await tenant.sql.end();
    }),
    { numRuns: 60 },
  );
});

async function perform(
  tenant: TestTenant,
  payments: (Ask & { id: string })[],
  { op, fault, crash, told }: Call & { told: Map<string, Set<string>> },
): Promise<void> {
  const payment = payments[op.slot];
  if (!payment) throw new Error("no such slot");
  if (fault) tenant.provider.failNext(fault.operation, fault.fault);
  const ctx = crash ? crashing(tenant.ctx, crash) : tenant.ctx;
  const attemptId = await attemptOf(tenant, payment.id);
  const input = { paymentId: payment.id, customerId: "C-1" };
  const act = async () => {
    switch (op.kind) {
      case "start":
        return start(ctx, payment);
      case "twin":
        return start(ctx, { ...payment, lines: payment.lines.map(([id]): [string, bigint] => [id, 1n]) });
      case "read":
        return readPayment({ ctx, input });
      case "resume":
        return resumePayment({ ctx, input });
      case "resolve":
        return attemptId && resolveAttempt({ ctx, input: { attemptId } });
      case "sweep":
        for (const { id } of await tenant.attempts()) await resolveAttempt({ ctx, input: { attemptId: id } });
        return;
      case "challenge":
        return attemptId && tenant.provider.completeChallenge(attemptId, op.success);
      case "webhook": {
        const sent = tenant.provider.webhook({
          reference: attemptId ?? "none",
          eventId: `e${op.slot}`,
          at: new Date(),
        });
        return acceptWebhook({ ctx, input: { provider: "fake", ...sent } });
      }
    }
  };
  try {
    const result = await act();
    if (op.kind === "twin" || !result || result.kind !== "payment") return;
    told.set(payment.id, (told.get(payment.id) ?? new Set()).add(result.payment.state));
  } catch (error) {
    if (!(error instanceof TenantUnavailable)) throw error;
  }
}

/** The process as it were without what comes after its n-th statement. */
function crashing(
  ctx: Context,
  { statement, committed }: { statement: number; committed: boolean },
): Context {
  let count = 0;
  const query: Context["db"]["query"] = async (...args) => {
    const index = count++;
    if (index > statement || (index === statement && !committed)) throw new TenantUnavailable("gone");
    const rows = await ctx.db.query(...args);
    if (index === statement) throw new TenantUnavailable("gone");
    return rows as never;
  };
  return { ...ctx, db: { ...ctx.db, query } };
}

async function attemptOf(tenant: TestTenant, paymentId: string): Promise<string | null> {
  const attempt = (await tenant.attempts()).find((row) => row.payment_id === paymentId);
  return attempt?.id ?? null;
}

/** The provider works again, what it was late with happens, time passes, the worker does its rounds. */
async function settleEverything(tenant: TestTenant): Promise<void> {
  tenant.provider.heal();
  for (let round = 0; round < 6; round++) {
    await tenant.age(4_000);
    for (const attempt of await tenant.attempts()) {
      await resolveAttempt({ ctx: tenant.ctx, input: { attemptId: attempt.id } });
    }
  }
}

async function holdsWithinBalances(tenant: TestTenant, invoices: string[]): Promise<void> {
  for (const invoice of invoices) {
    const [open, held, settled] = await tenant.balance(invoice);
    expect(held >= 0n && settled >= 0n && held + settled <= open).toBe(true);
  }
}

async function booksAgree(tenant: TestTenant, invoices: string[]): Promise<void> {
  const [payments, attempts, ledger] = await Promise.all([
    tenant.payments(),
    tenant.attempts(),
    tenant.ledger(),
  ]);
  const [outbox, audit] = await Promise.all([tenant.outbox(), tenant.audit()]);
  expect(attempts).toHaveLength(payments.length);
  const expected = new Map(invoices.map((id) => [id, { held: 0n, settled: 0n }]));
  for (const payment of payments) {
    const { id, state, total_minor: totalMinor, lines } = payment;
    const attempt = attempts.find((row) => row.payment_id === id);
    // Where another key could take the money again, a key that holds an error for ever is for a person.
    const stuck =
      tenant.provider.captures === "several" && tenant.provider.holdsError(captureKeyOf(attempt?.id));
    expect(["captured", "declined", "failed", "conflicted", ...(stuck ? ["authorized"] : [])]).toContain(
      state,
    );
    const charge = tenant.provider.charges.get(attempt?.id);
    const taken = state === "captured" || state === "conflicted";
    expect(charge?.captures ?? 0).toBe(taken ? 1 : 0);
    expect(charge?.captured?.amountMinor === totalMinor).toBe(state === "captured");
    const entries = ledger.filter((row) => row.payment_id === id);
    expect(entries).toHaveLength(state === "captured" ? 1 + lines.length : 0);
    expect(entries.reduce((sum, row) => sum + row.amount_minor, 0n)).toBe(0n);
    const jobs = outbox.filter((row) => row.payment_id === id).map((row) => row.kind);
    expect(jobs).toEqual(state === "captured" ? ["erp_post", "receipt_email"] : []);
    for (const line of lines) {
      const sums = expected.get(line.invoiceId);
      if (sums && state === "captured") sums.settled += BigInt(line.amountMinor);
      if (sums && (state === "conflicted" || state === "authorized")) sums.held += BigInt(line.amountMinor);
    }
  }
  for (const [invoice, { held, settled }] of expected) {
    expect(await tenant.balance(invoice)).toEqual([balance, held, settled]);
  }
  const captured = payments.filter(({ state }) => state === "captured");
  expect(new Set(captured.map((row) => row.receipt_number)).size).toBe(captured.length);
  expect(audit.filter((action) => action === "payment.captured")).toHaveLength(captured.length);
  const referenced = new Set(attempts.map((row) => row.id));
  expect([...tenant.provider.charges.keys()].filter((reference) => !referenced.has(reference))).toEqual([]);
}

/** Captured, declined and failed are final words: nobody who heard one hears another. */
async function nobodyWasMisled(tenant: TestTenant, told: Map<string, Set<string>>): Promise<void> {
  for (const { id, state } of await tenant.payments()) {
    for (const final of ["captured", "declined", "failed"]) {
      if (told.get(id)?.has(final)) expect(state).toBe(final);
    }
  }
}
