import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Context } from "../../context/context.ts";
import { runOutbox } from "../../outbox/run-outbox.ts";
import { withErp } from "../../outbox/testing/erp.ts";
import type { FakeFault, FakeOperation } from "../../providers/fake.ts";
import { SettingMissing, TenantUnavailable } from "../../tenant/errors.ts";
import { acceptWebhook } from "../accept-webhook.ts";
import { paymentDeliveries as deliveries } from "../deliveries/deliveries.ts";
import { listPayments } from "../list-payments.ts";
import { readPayment } from "../read-payment.ts";
import { resolveAttempt } from "../resolve-attempt.ts";
import { start } from "../testing/start.ts";
import { createWorld, type TenantOptions } from "../testing/world.ts";
import { closeAttempt } from "./close-attempt.ts";
import { type DecideInput, decideConflict } from "./decide-conflict.ts";
import { resolvePayment } from "./resolve-payment.ts";
import { shareOut } from "./share-out.ts";

let world: Awaited<ReturnType<typeof createWorld>>;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

const reason = "the customer rang";
const surcharge = { "surcharge.rules": [{ brand: "any", funding: "credit", basisPoints: 400 }] };

/** A tenant with one payment of 300 + 200, of invoices of 500 each, and an ERP that knows them. */
async function payment({
  faults = [] as [FakeOperation, FakeFault][],
  token = "tok_success",
  surchargeMinor = 0n,
  ...options
}: TenantOptions & { faults?: [FakeOperation, FakeFault][]; token?: string; surchargeMinor?: bigint } = {}) {
  const tenant = world.tenant({ ...options, settings: { ...(surchargeMinor > 0n && surcharge) } });
  const { ctx: erpCtx, erp, row } = withErp(tenant);
  const invoices = [await tenant.invoice(500n), await tenant.invoice(500n)] as [string, string];
  const open = erp.customers.get("C-1")?.invoices ?? [];
  for (const id of invoices) {
    const dates = { issuedOn: "2026-01-01", dueOn: "2026-02-01" };
    open.push({ id, number: `N-${id}`, currency: "USD", totalMinor: 500n, openMinor: 500n, ...dates });
  }
  const ctx: Context = {
    ...(options.erp === false ? tenant.ctx : erpCtx),
    db: world.operatorDb(tenant.id),
    actor: { kind: "operator", name: "jo" },
  };
  for (const [operation, fault] of faults) tenant.provider.failNext(operation, fault);
  const id = randomUUID();
  const [a, b] = invoices;
  await start(tenant.ctx, {
    id,
    lines: [
      [a, 300n],
      [b, 200n],
    ],
    token,
    surchargeMinor,
  });
  const attemptId = (await tenant.attempts())[0]?.id as string;
  const charge = () => {
    const found = tenant.provider.charges.get(attemptId);
    if (!found) throw new Error("no charge");
    return found;
  };
  return {
    ...{ tenant, ctx, id, attemptId, invoices, erp, open, charge, row },
    resolve: () => resolveAttempt({ ctx: tenant.ctx, input: { attemptId } }),
    decide: (input: Partial<DecideInput> & Pick<DecideInput, "decision">, as = ctx) =>
      decideConflict({ ctx: as, input: { paymentId: id, reason, ...input } }),
    close: (as = ctx) => closeAttempt({ ctx: as, input: { paymentId: id, reason } }),
    ask: () => resolvePayment({ ctx, input: { paymentId: id, reason } }),
    state: async () => (await tenant.payments())[0]?.state as string,
    balances: async () => Promise.all(invoices.map((invoice) => tenant.balance(invoice))),
    /** Everything that is due is delivered to the ERP. */
    async deliver() {
      for (const { id: outboxId, kind } of await tenant.outbox()) {
        if (kind === "erp_post") await runOutbox({ ctx: erpCtx, input: { id: outboxId, deliveries } });
      }
    },
    async audited() {
      const rows =
        await world.admin`select action, actor, detail from pay.audit_log where tenant_id = ${tenant.id} order by id`;
      return rows.at(-1);
    },
  };
}
type Hand = Awaited<ReturnType<typeof payment>>;

/** In conflict: the provider holds another amount than the 500 (+ surcharge) that were agreed. */
async function tookInstead(
  amountMinor: bigint,
  options: Parameters<typeof payment>[0] & { currency?: string } = {},
) {
  const hand = await payment({ ...options, faults: [["capture", "answer_lost"]] });
  hand.charge().captured = { amountMinor, currency: options.currency ?? "USD" };
  await hand.tenant.age(60);
  await hand.resolve();
  expect(await hand.state()).toBe("conflicted");
  return hand;
}

/** In conflict: it had ended, its holds were free, then the money was there. */
async function tookAfterTheEnd(amountMinor = 500n) {
  const hand = await payment({ token: "tok_challenge" });
  await hand.tenant.age(31 * 60);
  await hand.resolve();
  expect(await hand.state()).toBe("declined");
  Object.assign(hand.charge(), {
    status: "captured",
    captures: 1,
    captured: { amountMinor, currency: "USD" },
  });
  await hand.resolve();
  expect(await hand.state()).toBe("conflicted");
  return hand;
}

/** PostgreSQL's infinity, as the driver hands it over. */
const never = expect.toSatisfy((at: Date) => Number.isNaN(at.getTime()));

const held = ({ charge }: Hand) => (charge().captured?.amountMinor ?? 0n) - charge().refundedMinor;

/** What a decided payment must be: the provider, the books, the ERP and the balances say one thing. */
async function booksBalance(hand: Hand, bookedMinor: bigint): Promise<void> {
  const { tenant, erp, open } = hand;
  const [payment] = await tenant.payments();
  const ledger = await tenant.ledger();
  expect(held(hand)).toBe(bookedMinor);
  expect(ledger.reduce((sum, row) => sum + row.amount_minor, 0n)).toBe(0n);
  const clearing = ledger.find((row) => row.account === "provider_clearing")?.amount_minor ?? 0n;
  expect(clearing).toBe(bookedMinor);
  await hand.deliver();
  const posted = erp.payments.reduce((sum, one) => sum + one.amountMinor, 0n);
  const receivable = ledger.reduce(
    (sum, row) => sum - (row.account === "receivable" ? (row.amount_minor as bigint) : 0n),
    0n,
  );
  expect(posted).toBe(receivable);
  if (bookedMinor > 0n) {
    expect(payment).toMatchObject({
      state: "captured",
      total_minor: bookedMinor,
      receipt_number: expect.stringMatching(/^R-\d+$/),
    });
    const lines = payment?.lines as { invoiceId: string; amountMinor: string }[];
    expect(lines.reduce((sum, line) => sum + BigInt(line.amountMinor), 0n)).toBe(payment?.amount_minor);
  }
  for (const [index, balance] of (await hand.balances()).entries()) {
    // Nothing held, nothing waiting, and open as the ERP has it.
    expect(balance).toEqual([open[index]?.openMinor, 0n, 0n]);
  }
}

describe("decide, as paid:", () => {
  test("the agreed money that came after the end is booked, posted and receipted like any capture", async () => {
    const hand = await tookAfterTheEnd();
    expect(await hand.decide({ decision: "paid" })).toEqual({
      ...{ kind: "decided", paymentId: hand.id, decision: "paid" },
      ...{ bookedMinor: 500n, givenBackMinor: 0n },
    });
    expect(await hand.balances()).toEqual([
      [500n, 0n, 300n],
      [500n, 0n, 200n],
    ]);
    expect((await hand.tenant.outbox()).map((row) => [row.kind, row.state])).toEqual([
      ["erp_post", "due"],
      ["receipt_email", "due"],
    ]);
    expect(await hand.audited()).toMatchObject({
      action: "payment.decided",
      actor: "operator:jo",
      detail: { decision: "paid", reason, takenMinor: "500" },
    });
    await booksBalance(hand, 500n);
    const view = await readPayment({ ctx: hand.ctx, input: { paymentId: hand.id, customerId: "C-1" } });
    expect(view).toMatchObject({ payment: { state: "captured", totalMinor: "500", receipt: {} } });
  });

  test("less than agreed: what was taken is booked, the last line short, the rest of the hold given back", async () => {
    const hand = await tookInstead(450n);
    expect(await hand.decide({ decision: "paid" })).toMatchObject({ bookedMinor: 450n, givenBackMinor: 0n });
    expect(await hand.balances()).toEqual([
      [500n, 0n, 300n],
      [500n, 0n, 150n],
    ]);
    expect((await hand.audited())?.detail.agreed).toMatchObject({ totalMinor: "500" });
    await booksBalance(hand, 450n);
    expect(hand.erp.payments[0]?.lines.map((line) => line.amountMinor)).toEqual([300n, 150n]);
  });

  test("so little that a line gets nothing: that line is gone, its hold too", async () => {
    const hand = await tookInstead(1n);
    await hand.decide({ decision: "paid" });
    await booksBalance(hand, 1n);
    expect((await hand.tenant.payments())[0]?.lines).toHaveLength(1);
  });

  test("with a surcharge, less than agreed: its share is the surcharge's, and the ledger sums to zero", async () => {
    const hand = await tookInstead(260n, { surchargeMinor: 20n });
    await hand.decide({ decision: "paid" });
    expect((await hand.tenant.ledger()).map((row) => [row.account, row.amount_minor])).toEqual([
      ["provider_clearing", 260n],
      ["receivable", -250n],
      ["surcharge_income", -10n],
    ]);
    await booksBalance(hand, 260n);
  });

  test("more than agreed: the rest is given back first, and what was agreed is booked", async () => {
    const hand = await tookInstead(501n);
    expect(await hand.decide({ decision: "paid" })).toMatchObject({ bookedMinor: 500n, givenBackMinor: 1n });
    await booksBalance(hand, 500n);
  });

  test("more than agreed, and nobody hears whether it was given back: nothing is booked until that is known", async () => {
    const hand = await tookInstead(501n);
    hand.tenant.provider.failNext("refund", "answer_lost");
    expect(await hand.decide({ decision: "paid" })).toMatchObject({
      kind: "not_done",
      because: "cannot_ask",
    });
    expect([await hand.state(), await hand.tenant.ledger()]).toEqual(["conflicted", []]);
    expect(await hand.decide({ decision: "paid" })).toMatchObject({ bookedMinor: 500n });
    await booksBalance(hand, 500n);
  });

  test("a tenant without an ERP: its own balance goes down", async () => {
    const hand = await tookInstead(450n, { erp: false });
    await hand.decide({ decision: "paid" });
    expect(await hand.balances()).toEqual([
      [200n, 0n, 0n],
      [350n, 0n, 0n],
    ]);
    expect((await hand.tenant.outbox()).map((row) => row.kind)).toEqual(["receipt_email"]);
  });

  test("the invoice was paid otherwise meanwhile: refused in words, nothing moved", async () => {
    const hand = await tookAfterTheEnd();
    const [invoice] = hand.open;
    if (invoice) invoice.openMinor = 299n;
    expect(await hand.decide({ decision: "paid" })).toMatchObject({
      because: "not_covered",
      words: expect.stringContaining("has 2.99 USD left, and 3.00 USD of this would go to it"),
    });
    expect([await hand.state(), await hand.tenant.ledger(), held(hand)]).toEqual(["conflicted", [], 500n]);
  });

  test("more than agreed and not covered: nothing is given back for nothing", async () => {
    const hand = await tookInstead(501n);
    const [invoice] = hand.open;
    if (invoice) invoice.openMinor = 0n;
    expect(await hand.decide({ decision: "paid" })).toMatchObject({ because: "not_covered" });
    expect(held(hand)).toBe(501n);
  });

  test("it is in the ERP already: booked here, not posted there again, and the hold is gone", async () => {
    const hand = await tookInstead(450n);
    const [a, b] = hand.open;
    if (a && b) [a.openMinor, b.openMinor] = [200n, 350n];
    expect(await hand.decide({ decision: "paid", erpRef: "CUSTPYMT-9" })).toMatchObject({
      bookedMinor: 450n,
    });
    await hand.deliver();
    expect(hand.erp.payments).toEqual([]);
    expect(await hand.balances()).toEqual([
      [200n, 0n, 0n],
      [350n, 0n, 0n],
    ]);
    const [post] = await hand.tenant.outbox();
    expect(post).toMatchObject({
      kind: "erp_post",
      state: "done",
      result: { erpRef: "CUSTPYMT-9", byHand: true },
    });
    expect((await hand.tenant.ledger()).map((row) => row.amount_minor)).toEqual([450n, -300n, -150n]);
  });

  test.each<[string, () => Promise<Hand>, RegExp]>([
    ["another currency", () => tookInstead(500n, { currency: "EUR" }), /took EUR, the invoices are in USD/],
    ["given back whole", () => tookInstead(0n), /given back whole/],
    [
      "only reserved",
      async () => {
        const hand = await payment({ faults: [["authorize", "answer_lost"]] });
        Object.assign(hand.charge(), { authorized: { amountMinor: 499n, currency: "USD" } });
        await hand.resolve();
        return hand;
      },
      /reserved, not taken/,
    ],
  ])("%s: refused in words, and it can be decided as unpaid", async (_, conflict, words) => {
    const hand = await conflict();
    expect(await hand.decide({ decision: "paid" })).toMatchObject({
      kind: "not_done",
      words: expect.stringMatching(words),
    });
    expect(await hand.decide({ decision: "unpaid" })).toMatchObject({ kind: "decided" });
    await booksBalance(hand, 0n);
  });
});

describe("decide, as unpaid:", () => {
  test.each<[string, () => Promise<Hand>, bigint]>([
    ["another amount", () => tookInstead(501n), 501n],
    ["another currency", () => tookInstead(700n, { currency: "EUR" }), 700n],
    ["after the end", () => tookAfterTheEnd(), 500n],
    ["less", () => tookInstead(400n), 400n],
    ["given back whole by somebody before", () => tookInstead(0n), 0n],
  ])(
    "%s: what the provider holds is given back, the holds are free, nothing is booked",
    async (_, conflict, given) => {
      const hand = await conflict();
      expect(await hand.decide({ decision: "unpaid" })).toMatchObject({
        givenBackMinor: given,
        bookedMinor: 0n,
      });
      expect(await hand.tenant.payments()).toMatchObject([
        { state: "failed", receipt_number: null, captured_at: null },
      ]);
      expect([await hand.tenant.ledger(), await hand.tenant.outbox()]).toEqual([[], []]);
      expect(await hand.balances()).toEqual([
        [500n, 0n, 0n],
        [500n, 0n, 0n],
      ]);
      await booksBalance(hand, 0n);
    },
  );

  test("the news that it was given back is no new conflict; money that shows up again is", async () => {
    const hand = await tookInstead(501n);
    await hand.decide({ decision: "unpaid" });
    const news = async () => {
      const sent = hand.tenant.provider.webhook({
        reference: hand.attemptId,
        eventId: randomUUID(),
        at: new Date(),
      });
      await acceptWebhook({ ctx: hand.tenant.ctx, input: { provider: "fake", ...sent } });
    };
    await news();
    expect(await hand.state()).toBe("failed");
    expect((await hand.tenant.attempts())[0]).toMatchObject({ next_check_at: never });
    // The vendor's refund failed after all.
    hand.charge().refundedMinor = 0n;
    await news();
    expect(await hand.state()).toBe("conflicted");
    expect(await hand.balances()).toEqual([
      [500n, 0n, 0n],
      [500n, 0n, 0n],
    ]);
    Object.assign(hand.charge().captured ?? {}, { amountMinor: 500n });
    expect(await hand.decide({ decision: "paid" })).toMatchObject({ bookedMinor: 500n });
    await booksBalance(hand, 500n);
  });

  test.each<FakeFault>(["answer_lost", "unreached"])(
    "nobody hears whether it was given back (%s): it can no more be booked, and is finished by the same again",
    async (fault) => {
      const hand = await tookInstead(501n);
      hand.tenant.provider.failNext("refund", fault);
      expect(await hand.decide({ decision: "unpaid" })).toMatchObject({ because: "cannot_ask" });
      expect(await hand.state()).toBe("conflicted");
      hand.charge().refundedMinor = 0n;
      expect(await hand.decide({ decision: "paid" })).toMatchObject({
        because: "does_not_apply",
        words: expect.stringContaining("only be decided as unpaid"),
      });
      hand.charge().refundedMinor = fault === "unreached" ? 0n : 501n;
      expect(await hand.decide({ decision: "unpaid" })).toMatchObject({ kind: "decided" });
      await booksBalance(hand, 0n);
    },
    30_000,
  );

  test("the provider refuses to give it back: said so; then either is possible, unpaid on the person's word", async () => {
    for (const decision of ["paid", "unpaid"] as const) {
      const hand = await tookAfterTheEnd();
      hand.tenant.provider.refund = async () => ({ kind: "refused", cause: "too old" });
      expect(await hand.decide({ decision: "unpaid" })).toMatchObject({
        because: "not_covered",
        words: expect.stringContaining("too old"),
      });
      expect(await hand.decide({ decision, givenBack: decision === "unpaid" })).toMatchObject({
        kind: "decided",
      });
      expect(await hand.state()).toBe(decision === "paid" ? "captured" : "failed");
    }
  });
});

describe("decide", () => {
  test("the same again is decided already, nothing twice; the other is refused", async () => {
    const [paid, unpaid] = [await tookInstead(450n), await tookInstead(450n)];
    for (const [hand, decision, other] of [
      [paid, "paid", "unpaid"],
      [unpaid, "unpaid", "paid"],
    ] as const) {
      await hand.decide({ decision });
      const before = [
        await hand.tenant.payments(),
        await hand.tenant.ledger(),
        await hand.tenant.audit(),
        held(hand),
      ];
      expect(await hand.decide({ decision })).toEqual({ kind: "already", paymentId: hand.id, decision });
      expect(await hand.decide({ decision: other })).toMatchObject({ because: "does_not_apply" });
      expect([
        await hand.tenant.payments(),
        await hand.tenant.ledger(),
        await hand.tenant.audit(),
        held(hand),
      ]).toEqual(before);
    }
  });

  test("by ten at once, half of them paid and half unpaid: one of them decides", async () => {
    const hand = await tookInstead(450n);
    const results = await Promise.all(
      Array.from({ length: 10 }, (_, n) => hand.decide({ decision: n % 2 ? "paid" : "unpaid" })),
    );
    expect(results.filter(({ kind }) => kind === "decided")).toHaveLength(1);
    await booksBalance(hand, (await hand.state()) === "captured" ? 450n : 0n);
  });

  test.each([
    ["an answer nobody understands", { find: "throws" }],
    ["no answer", { find: "unreached" }],
    ["no charge listed", { find: "absent" }],
    ["no account", { account: "unreached" }],
  ] as [string, Record<FakeOperation, FakeFault>][])(
    "the provider gives %s: nothing is decided",
    async (_, faults) => {
      for (const decision of ["paid", "unpaid"] as const) {
        const hand = await tookInstead(450n);
        for (const [operation, fault] of Object.entries(faults))
          hand.tenant.provider.failNext(operation as FakeOperation, fault);
        expect(await hand.decide({ decision })).toMatchObject({ because: "cannot_ask" });
        expect([await hand.state(), held(hand)]).toEqual(["conflicted", 450n]);
      }
    },
  );

  test("the account is gone: booked by what it said last; given back elsewhere, on the person's word only", async () => {
    const [paid, unpaid] = [await tookInstead(450n), await tookInstead(450n)];
    for (const { tenant } of [paid, unpaid]) tenant.provider.accountId = "acct_new";
    expect(await paid.decide({ decision: "paid" })).toMatchObject({ bookedMinor: 450n });
    await booksBalance(paid, 450n);
    expect(await unpaid.decide({ decision: "unpaid" })).toMatchObject({
      because: "cannot_ask",
      words: expect.stringContaining("by other means"),
    });
    expect(await unpaid.decide({ decision: "unpaid", givenBack: true })).toMatchObject({ kind: "decided" });
    expect(await unpaid.balances()).toEqual([
      [500n, 0n, 0n],
      [500n, 0n, 0n],
    ]);
    expect((await unpaid.audited())?.detail).toMatchObject({ givenBackElsewhere: true });
  });

  test("an ERP that does not answer: nothing is booked by balances that may be old", async () => {
    const hand = await tookInstead(450n);
    hand.erp.fail("unavailable", "read");
    expect(await hand.decide({ decision: "paid" })).toMatchObject({ because: "cannot_ask" });
  });

  const moment = fc.record({ statement: fc.nat(9), committed: fc.boolean() });
  const act = fc.record({
    decision: fc.constantFrom("paid" as const, "unpaid" as const),
    crash: fc.option(moment, { freq: 2 }),
    fault: fc.option(
      fc.constantFrom<FakeFault>(
        "unreached",
        "answer_lost",
        "throws",
        "error_stored",
        "error_after",
        "error_late",
      ),
    ),
    givenBackThereMinor: fc.option(fc.bigInt(1n, 300n), { freq: 5 }),
  });
  test("whatever crashes, faults and changes of mind: provider, ledger, ERP and balances say one thing at the end", {
    timeout: 120_000,
  }, async () => {
    const plans = fc.array(act, { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(fc.bigInt(0n, 900n), fc.boolean(), plans, async (takenMinor, late, acts) => {
        if (!late && takenMinor === 500n) return;
        const hand = await (late
          ? tookAfterTheEnd(takenMinor > 0n ? takenMinor : 1n)
          : tookInstead(takenMinor));
        for (const { decision, crash, fault, givenBackThereMinor } of acts) {
          if (fault) hand.tenant.provider.failNext("refund", fault);
          const undecided = (await hand.state()) === "conflicted";
          if (undecided && givenBackThereMinor && givenBackThereMinor <= held(hand)) {
            hand.charge().refundedMinor += givenBackThereMinor;
          }
          const as = crash ? crashing(hand.ctx, crash) : hand.ctx;
          await hand.decide({ decision }, as).catch((error) => {
            if (!(error instanceof TenantUnavailable)) throw error;
          });
          await hand.tenant.age(31);
        }
        hand.tenant.provider.heal();
        await hand.decide({ decision: "paid" });
        // A refund's key may hold an error for ever: then somebody gives it back there.
        const last = await hand.decide({ decision: "unpaid" });
        if (last.kind === "not_done" && last.because === "cannot_ask") {
          hand.charge().refundedMinor = hand.charge().captured?.amountMinor ?? 0n;
          await hand.decide({ decision: "unpaid" });
        }
        const state = await hand.state();
        expect(["captured", "failed"]).toContain(state);
        const [payment] = await hand.tenant.payments();
        await booksBalance(hand, state === "captured" ? payment?.total_minor : 0n);
        await hand.tenant.sql.end();
      }),
      { numRuns: 60 },
    );
  });
});

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

describe("close an attempt", () => {
  const gone = (hand: Hand) => Object.assign(hand.tenant.provider, { accountId: "acct_new" });

  test.each<[string, [FakeOperation, FakeFault][], string, string]>([
    ["unknown", [["authorize", "unreached"]], "tok_success", "pending"],
    ["authorised", [["capture", "unreached"]], "tok_success", "authorized"],
    ["challenged", [], "tok_challenge", "requires_action"],
  ])(
    "whose account is gone, %s: failed, its holds free, nothing booked, nobody asks any more",
    async (_, faults, token, before) => {
      const hand = await payment({ faults, token });
      expect(await hand.state()).toBe(before);
      gone(hand);
      await hand.tenant.age(60);
      expect(await hand.close()).toEqual({ kind: "closed", paymentId: hand.id, before, after: "failed" });
      expect(await hand.balances()).toEqual([
        [500n, 0n, 0n],
        [500n, 0n, 0n],
      ]);
      expect([await hand.tenant.ledger(), await hand.tenant.outbox()]).toEqual([[], []]);
      expect((await hand.tenant.attempts())[0]).toMatchObject({
        state: "failed",
        token: null,
        next_check_at: never,
      });
      expect(await hand.audited()).toMatchObject({
        action: "payment.closed_by_hand",
        actor: "operator:jo",
        detail: { reason, before },
      });
      expect(await hand.close()).toEqual({ kind: "already", paymentId: hand.id });
      expect(await listPayments({ ctx: hand.ctx, input: {} })).toEqual([]);
    },
  );

  test("closed, and the account comes back with the money: in conflict, never silence", async () => {
    const hand = await payment({ faults: [["capture", "answer_lost"]] });
    gone(hand);
    await hand.tenant.age(60);
    await hand.close();
    hand.tenant.provider.accountId = "acct_fake";
    const news = hand.tenant.provider.webhook({ reference: hand.attemptId, eventId: "e", at: new Date() });
    await acceptWebhook({ ctx: hand.tenant.ctx, input: { provider: "fake", ...news } });
    expect(await hand.state()).toBe("conflicted");
    expect(await hand.decide({ decision: "paid" })).toMatchObject({ bookedMinor: 500n });
    await booksBalance(hand, 500n);
  });

  test("ended, with late news the gone account would have to explain: nobody waits for it any more", async () => {
    const hand = await payment({ token: "tok_declined" });
    gone(hand);
    const news = hand.tenant.provider.webhook({ reference: hand.attemptId, eventId: "e", at: new Date() });
    await acceptWebhook({ ctx: hand.tenant.ctx, input: { provider: "fake", ...news } });
    expect(await listPayments({ ctx: hand.ctx, input: {} })).toMatchObject([
      { id: hand.id, verb: "close-attempt" },
    ]);
    await hand.tenant.age(60);
    expect(await hand.close()).toMatchObject({ kind: "closed", before: "declined", after: "declined" });
    expect(await listPayments({ ctx: hand.ctx, input: {} })).toEqual([]);
    expect(await hand.balances()).toEqual([
      [500n, 0n, 0n],
      [500n, 0n, 0n],
    ]);
  });

  test("without any provider now, or with another: as gone as with another account", async () => {
    for (const provider of [
      async () => {
        throw new SettingMissing("provider");
      },
      async () => Object.assign(Object.create((await payment()).tenant.provider), { id: "other" }),
    ]) {
      const hand = await payment({ faults: [["authorize", "answer_lost"]] });
      await hand.tenant.age(60);
      expect(await hand.close({ ...hand.ctx, provider })).toMatchObject({ kind: "closed" });
    }
  });

  test.each<[string, (hand: Hand) => unknown, string]>([
    ["its account is the tenant's own", () => {}, "resolve it"],
    [
      "whose account the key is of is not told",
      (hand) => hand.tenant.provider.failNext("account", "unreached"),
      "cannot be told",
    ],
  ])("%s: refused in words, it stays open and is asked about", async (_, change, words) => {
    const hand = await payment({ faults: [["authorize", "answer_lost"]] });
    change(hand);
    await hand.tenant.age(60);
    expect(await hand.close()).toMatchObject({ kind: "not_done", words: expect.stringContaining(words) });
    expect(await hand.state()).toBe("pending");
    await hand.tenant.age(4_000);
    await hand.resolve();
    expect(await hand.state()).toBe("captured");
  });

  test("while somebody asks for it: busy, and nothing is touched", async () => {
    const hand = await payment({ faults: [["authorize", "answer_lost"]] });
    gone(hand);
    await world.admin`update pay.attempts set leased_until = now() + interval '20 s' where id = ${hand.attemptId}`;
    expect(await hand.close()).toMatchObject({ because: "busy" });
    expect(await hand.state()).toBe("pending");
  });
});

describe("resolve", () => {
  test("asks now, whenever its turn would have been, and goes on from there", async () => {
    const hand = await payment({ faults: [["authorize", "answer_lost"]] });
    await world.admin`update pay.attempts set next_check_at = now() + interval '1 hour' where id = ${hand.attemptId}`;
    expect(await hand.ask()).toEqual({
      kind: "asked",
      paymentId: hand.id,
      before: "pending",
      after: "captured",
      cause: null,
    });
    const asked =
      await world.admin`select detail from pay.audit_log where action = 'payment.asked_by_hand' and subject = ${hand.id}`;
    expect(asked).toMatchObject([{ detail: { reason } }]);
    await booksBalance(hand, 500n);
  });

  test("the provider is silent: still open, with the cause; money of one that ended: a conflict", async () => {
    const open = await payment({ faults: [["authorize", "unreached"]] });
    open.tenant.provider.failNext("find", "unreached");
    expect(await open.ask()).toMatchObject({
      before: "pending",
      after: "pending",
      cause: "never reached the provider",
    });
    const ended = await payment({ token: "tok_declined" });
    Object.assign(ended.charge(), { status: "captured", captured: { amountMinor: 500n, currency: "USD" } });
    expect(await ended.ask()).toMatchObject({ before: "declined", after: "conflicted" });
  });
});

describe("refused in words, nothing written:", () => {
  const acts = {
    resolve: (hand: Hand) => hand.ask(),
    "close-attempt": (hand: Hand) => hand.close(),
    "decide paid": (hand: Hand) => hand.decide({ decision: "paid" }),
    "decide unpaid": (hand: Hand) => hand.decide({ decision: "unpaid" }),
  };
  const states: Record<string, () => Promise<Hand>> = {
    open: () => payment({ faults: [["authorize", "answer_lost"]] }),
    captured: () => payment(),
    declined: () => payment({ token: "tok_declined" }),
    conflicted: () => tookInstead(450n),
  };
  test.each([
    ["open", ["decide paid", "decide unpaid", "close-attempt"]],
    ["captured", ["resolve", "close-attempt", "decide paid", "decide unpaid"]],
    ["declined", ["close-attempt", "decide paid", "decide unpaid"]],
    ["conflicted", ["resolve", "close-attempt"]],
  ] as [string, (keyof typeof acts)[]][])("of one that is %s: %j", async (state, verbs) => {
    for (const verb of verbs) {
      const hand = (await states[state]?.()) as Hand;
      await hand.tenant.age(60);
      const before = [await hand.tenant.payments(), await hand.tenant.audit(), await hand.balances()];
      expect({ verb, ...(await acts[verb](hand)) }).toMatchObject({
        ...{ verb, kind: "not_done", because: "does_not_apply" },
        words: expect.stringMatching(/.{20}/),
      });
      expect([await hand.tenant.payments(), await hand.tenant.audit(), await hand.balances()]).toEqual(
        before,
      );
    }
  });

  test("of none, another tenant's, or what is no id; and without a reason", async () => {
    const { ctx, id } = await payment({ faults: [["authorize", "answer_lost"]] });
    const other = await payment({ faults: [["authorize", "answer_lost"]] });
    const all = (paymentId: string, why: string) =>
      Promise.all([
        resolvePayment({ ctx, input: { paymentId, reason: why } }),
        closeAttempt({ ctx, input: { paymentId, reason: why } }),
        decideConflict({ ctx, input: { paymentId, reason: why, decision: "paid" } }),
      ]);
    for (const paymentId of [randomUUID(), other.id, "R-1001", ""]) {
      for (const result of await all(paymentId, reason))
        expect(result).toMatchObject({ because: "not_found" });
    }
    for (const result of await all(id, " \n")) expect(result).toMatchObject({ because: "reason_missing" });
  });
});

test("what was taken is shared out whole: never more than a line, the surcharge never more than its share", () => {
  const lines = fc.array(fc.bigInt(1n, 10n ** 12n), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(
      lines,
      fc.bigInt(0n, 10n ** 11n),
      fc.bigInt(1n, 10n ** 13n),
      (amounts, surchargeMinor, any) => {
        const amountMinor = amounts.reduce((sum, one) => sum + one, 0n);
        const total = amountMinor + surchargeMinor;
        const takenMinor = (any % total) + 1n;
        const agreed = amounts.map((one, n) => ({
          invoiceId: `${n}`,
          invoiceNumber: `${n}`,
          amountMinor: `${one}`,
        }));
        const share = shareOut(
          { lines: agreed, surcharge_minor: surchargeMinor, total_minor: total },
          takenMinor,
        );
        expect(share.amountMinor + share.surchargeMinor).toBe(takenMinor);
        expect(share.surchargeMinor * total <= surchargeMinor * takenMinor).toBe(true);
        expect(share.lines.reduce((sum, line) => sum + BigInt(line.amountMinor), 0n)).toBe(share.amountMinor);
        expect(share.lines.length).toBeGreaterThan(0);
        for (const line of share.lines)
          expect(BigInt(line.amountMinor) <= (amounts[Number(line.invoiceId)] ?? 0n)).toBe(true);
        if (takenMinor === total) expect(share).toEqual({ lines: agreed, amountMinor, surchargeMinor });
      },
    ),
  );
});
