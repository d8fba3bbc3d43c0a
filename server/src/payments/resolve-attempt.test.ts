import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { FakeFault, FakeOperation } from "../providers/fake.ts";
import { acceptWebhook } from "./accept-webhook.ts";
import { readPayment } from "./read-payment.ts";
import { nextMove, resolveAttempt } from "./resolve-attempt.ts";
import { resumePayment } from "./resume-payment.ts";
import { start } from "./testing/start.ts";
import { createWorld, type TestTenant } from "./testing/world.ts";
import { unfinishedPayments } from "./unfinished-payments.ts";

let world: Awaited<ReturnType<typeof createWorld>>;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

const customerId = "C-1";

/** A tenant with one payment of 500 that met the faults. */
async function paymentThatMet(faults: [FakeOperation, FakeFault][], token = "tok_success") {
  const tenant = world.tenant();
  const invoice = await tenant.invoice(500n);
  for (const [operation, fault] of faults) tenant.provider.failNext(operation, fault);
  const paymentId = randomUUID();
  await start(tenant.ctx, { id: paymentId, lines: [[invoice, 500n]], token });
  const attemptId = (await tenant.attempts())[0]?.id as string;
  return { tenant, invoice, paymentId, attemptId };
}

/** By a person, at the provider. */
const refund = (tenant: TestTenant, reference: string, amountMinor: bigint) =>
  tenant.provider.refund({
    ...{ reference, refundReference: randomUUID(), money: { amountMinor, currency: "USD" } },
    signal: AbortSignal.timeout(5_000),
  });

const captures = (tenant: TestTenant) =>
  [...tenant.provider.charges.values()].map((charge) => charge.captures);

describe("an attempt with unknown outcome is resolved by asking:", () => {
  test.each<[string, [FakeOperation, FakeFault][]]>([
    ["it never reached the provider: sent again under the same key", [["authorize", "unreached"]]],
    ["authorised, the answer lost: captured", [["authorize", "answer_lost"]]],
    ["captured, the answer lost: recorded", [["capture", "answer_lost"]]],
    ["authorised, the capture never arrived: captured", [["capture", "unreached"]]],
  ])("%s", async (_, faults) => {
    const { tenant, invoice, attemptId } = await paymentThatMet(faults);
    expect(await resolveAttempt({ ctx: tenant.ctx, input: { attemptId } })).toMatchObject({
      payment: { state: "captured" },
    });
    expect(captures(tenant)).toEqual([1]);
    expect(await tenant.balance(invoice)).toEqual([500n, 0n, 500n]);
    expect(await tenant.outbox()).toHaveLength(2);
  });

  test.each([500n, 1n])(
    "captured, and %d given back before we heard: in conflict, nothing is posted",
    async (part) => {
      const { tenant, invoice, attemptId } = await paymentThatMet([["capture", "answer_lost"]]);
      await refund(tenant, attemptId, part);
      await resolveAttempt({ ctx: tenant.ctx, input: { attemptId } });
      expect(await tenant.payments()).toMatchObject([{ state: "conflicted", receipt_number: null }]);
      expect(await tenant.balance(invoice)).toEqual([500n, 500n, 0n]);
      expect(await tenant.outbox()).toEqual([]);
    },
  );

  test("given back after the capture was recorded: still captured", async () => {
    const { tenant, attemptId } = await paymentThatMet([]);
    await refund(tenant, attemptId, 500n);
    const news = tenant.provider.webhook({ reference: attemptId, eventId: randomUUID(), at: new Date() });
    await acceptWebhook({ ctx: tenant.ctx, input: { provider: "fake", ...news } });
    await resolveAttempt({ ctx: tenant.ctx, input: { attemptId } });
    expect(await tenant.payments()).toMatchObject([{ state: "captured" }]);
    expect(await tenant.outbox()).toHaveLength(2);
  });

  test("not found right after submit is not absence: the same call again, one charge", async () => {
    const { tenant, attemptId } = await paymentThatMet([["authorize", "answer_lost"]]);
    tenant.provider.failNext("find", "absent");
    await resolveAttempt({ ctx: tenant.ctx, input: { attemptId } });
    expect(captures(tenant)).toEqual([1]);
    expect(await tenant.payments()).toMatchObject([{ state: "captured" }]);
  });

  test("declined, the answer lost: declined, the hold given back", async () => {
    const { tenant, invoice, attemptId } = await paymentThatMet(
      [["authorize", "answer_lost"]],
      "tok_declined",
    );
    await resolveAttempt({ ctx: tenant.ctx, input: { attemptId } });
    expect(await tenant.payments()).toMatchObject([{ state: "declined", reason: "declined" }]);
    expect(await tenant.balance(invoice)).toEqual([500n, 0n, 0n]);
  });

  test("still unknown after any time: still pending, still held, asked ever more rarely", async () => {
    const { tenant, invoice, attemptId } = await paymentThatMet([["authorize", "unreached"]]);
    const pausesS: number[] = [];
    for (let round = 0; round < 9; round++) {
      await tenant.age(4_000);
      tenant.provider.failNext("find", "unreached");
      await resolveAttempt({ ctx: tenant.ctx, input: { attemptId } });
      const [attempt] = await world.admin`
        select extract(epoch from next_check_at - now())::float8 as pause_s from pay.attempts where id = ${attemptId}`;
      pausesS.push(Math.round(attempt?.pause_s));
    }
    expect(pausesS).toEqual([5, 15, 60, 300, 900, 3600, 3600, 3600, 3600]);
    expect(await tenant.payments()).toMatchObject([{ state: "pending" }]);
    expect(await tenant.balance(invoice)).toEqual([500n, 500n, 0n]);
  });

  test("after 15 minutes an attempt the provider still does not know is given up, and may be paid anew", async () => {
    const { tenant, invoice, attemptId } = await paymentThatMet([["authorize", "unreached"]]);
    await tenant.age(15 * 60 + 1);
    const states: string[] = [];
    for (let check = 0; check < 4 && states.at(-1) !== "failed"; check++) {
      await resolveAttempt({ ctx: tenant.ctx, input: { attemptId } });
      states.push((await tenant.payments())[0]?.state);
    }
    expect(states).toEqual(["pending", "pending", "failed"]);
    expect(tenant.provider.charges.size).toBe(0);
    expect(await start(tenant.ctx, { lines: [[invoice, 500n]] })).toMatchObject({
      payment: { state: "captured" },
    });
  });

  test("one absence after the provider's outage is not believed: the charge is found and recorded", async () => {
    const { tenant, attemptId } = await paymentThatMet([["capture", "answer_lost"]]);
    await world.admin`update pay.payments set state = 'pending' where tenant_id = ${tenant.id}`;
    await world.admin`update pay.attempts set state = 'pending' where id = ${attemptId}`;
    await tenant.age(2_000);
    const faults: FakeFault[] = ["unreached", "unreached", "unreached", "unreached", "absent"];
    for (const fault of faults) {
      tenant.provider.failNext("find", fault);
      await resolveAttempt({ ctx: tenant.ctx, input: { attemptId } });
      expect(await tenant.payments()).toMatchObject([{ state: "pending" }]);
    }
    await resolveAttempt({ ctx: tenant.ctx, input: { attemptId } });
    expect(await tenant.payments()).toMatchObject([{ state: "captured" }]);
    expect(captures(tenant)).toEqual([1]);
  });

  test("what the provider once knew is never given up, however absent it looks", () => {
    const old = { ageS: 1e6, absences: 1e3 };
    expect(nextMove({ ...old, state: "authorized" }, { kind: "absent" })).toBe("wait");
    expect(nextMove({ ...old, state: "requires_action" }, { kind: "absent" })).toBe("wait");
  });

  test("twenty workers at once: one asks, one capture", async () => {
    const { tenant, attemptId } = await paymentThatMet([["authorize", "answer_lost"]]);
    const results = await Promise.all(
      Array.from({ length: 20 }, () => resolveAttempt({ ctx: tenant.ctx, input: { attemptId } })),
    );
    expect(results.filter(({ kind }) => kind === "resolved")).toHaveLength(1);
    expect(captures(tenant)).toEqual([1]);
  });

  test("while the request is still at it nobody else asks", async () => {
    const tenant = world.tenant();
    const lines: [string, bigint][] = [[await tenant.invoice(500n), 500n]];
    const seen: unknown[] = [];
    tenant.provider.beforeAnswer = async (operation, reference) => {
      if (operation !== "authorize") return;
      seen.push(await resolveAttempt({ ctx: tenant.ctx, input: { attemptId: reference } }));
    };
    await start(tenant.ctx, { lines });
    expect(seen).toEqual([{ kind: "busy" }]);
    expect(captures(tenant)).toEqual([1]);
  });

  test("a tenant that changed its provider meanwhile: not asked of the wrong one, still pending", async () => {
    const { tenant, attemptId } = await paymentThatMet([["authorize", "answer_lost"]]);
    await world.admin`update pay.attempts set provider = 'former' where id = ${attemptId}`;
    await resolveAttempt({ ctx: tenant.ctx, input: { attemptId } });
    expect(await tenant.payments()).toMatchObject([{ state: "pending" }]);
    expect((await tenant.attempts())[0]?.last_cause).toContain("former");
  });
});

describe("the tenant's key is another account's by now:", () => {
  test.each<[string, [FakeOperation, FakeFault][], string, number[]]>([
    ["the former took the money", [["capture", "answer_lost"]], "authorized", [1]],
    ["the former has it authorised", [["authorize", "answer_lost"]], "pending", [0]],
    ["it never reached the former", [["authorize", "unreached"]], "pending", []],
  ])("%s: the new one is neither believed nor charged", async (_, faults, state, taken) => {
    const { tenant, invoice, attemptId } = await paymentThatMet(faults);
    const asked: string[] = [];
    tenant.provider.beforeAnswer = async (operation) => void asked.push(operation);
    tenant.provider.accountId = "acct_new";
    for (const laterS of [100, 3_600, 3_600, 3_600, 86_400]) {
      await tenant.age(laterS);
      await resolveAttempt({ ctx: tenant.ctx, input: { attemptId } });
    }
    expect(new Set(asked)).toEqual(new Set(["account"]));
    expect(await tenant.payments()).toMatchObject([{ state }]);
    expect(await tenant.balance(invoice)).toEqual([500n, 500n, 0n]);
    expect(captures(tenant)).toEqual(taken);
    expect((await tenant.attempts())[0]?.last_cause).toMatch(/account acct_fake, .* acct_new$/);
  });

  test("it is finished once the former's key is back", async () => {
    const { tenant, attemptId } = await paymentThatMet([["authorize", "answer_lost"]]);
    tenant.provider.accountId = "acct_new";
    await resolveAttempt({ ctx: tenant.ctx, input: { attemptId } });
    tenant.provider.accountId = "acct_fake";
    await tenant.age(100);
    await resolveAttempt({ ctx: tenant.ctx, input: { attemptId } });
    expect(await tenant.payments()).toMatchObject([{ state: "captured" }]);
    expect(captures(tenant)).toEqual([1]);
  });

  test("which it is cannot be told: nothing is asked of it", async () => {
    const { tenant, attemptId } = await paymentThatMet([["authorize", "unreached"]]);
    tenant.provider.failNext("account", "unreached");
    await resolveAttempt({ ctx: tenant.ctx, input: { attemptId } });
    expect(await tenant.payments()).toMatchObject([{ state: "pending" }]);
    expect(tenant.provider.charges.size).toBe(0);
  });

  test("an attempt of before accounts were noted is asked of whichever there is", async () => {
    const { tenant, attemptId } = await paymentThatMet([["capture", "answer_lost"]]);
    await world.admin`update pay.attempts set provider_account = null where id = ${attemptId}`;
    tenant.provider.accountId = "acct_new";
    await resolveAttempt({ ctx: tenant.ctx, input: { attemptId } });
    expect(await tenant.payments()).toMatchObject([{ state: "captured" }]);
  });
});

describe("3-D Secure", () => {
  const challenged = () => paymentThatMet([], "tok_challenge");

  test("asks for the challenge, and captures when the payer is back", async () => {
    const { tenant, invoice, paymentId, attemptId } = await challenged();
    const input = { paymentId, customerId };
    expect(await readPayment({ ctx: tenant.ctx, input })).toMatchObject({
      payment: {
        state: "requires_action",
        action: { type: "challenge", url: expect.stringContaining("3ds") },
      },
    });
    tenant.provider.completeChallenge(attemptId, true);
    expect(await resumePayment({ ctx: tenant.ctx, input })).toMatchObject({
      payment: { state: "captured", action: null },
    });
    expect(await tenant.balance(invoice)).toEqual([500n, 0n, 500n]);
  });

  test("failed at the bank: declined, and the hold given back", async () => {
    const { tenant, invoice, paymentId, attemptId } = await challenged();
    tenant.provider.completeChallenge(attemptId, false);
    expect(await resumePayment({ ctx: tenant.ctx, input: { paymentId, customerId } })).toMatchObject({
      payment: { state: "declined", reason: "authentication_failed" },
    });
    expect(await tenant.balance(invoice)).toEqual([500n, 0n, 0n]);
  });

  test("resumed ten times at once: one capture, and nobody is sent to the bank again", async () => {
    const { tenant, paymentId, attemptId } = await challenged();
    tenant.provider.completeChallenge(attemptId, true);
    const results = await Promise.all(
      Array.from({ length: 10 }, () => resumePayment({ ctx: tenant.ctx, input: { paymentId, customerId } })),
    );
    const states = results.map((result) => (result.kind === "payment" ? result.payment.state : result.code));
    expect(new Set(states)).not.toContain("requires_action");
    expect(captures(tenant)).toEqual([1]);
  });

  test("resumed before the payer is done: still requires_action", async () => {
    const { tenant, paymentId } = await challenged();
    expect(await resumePayment({ ctx: tenant.ctx, input: { paymentId, customerId } })).toMatchObject({
      payment: { state: "requires_action" },
    });
  });

  test("left for 30 minutes: declined as abandoned; a late yes of the bank takes no money", async () => {
    const { tenant, invoice, attemptId } = await challenged();
    await tenant.age(29 * 60);
    await resolveAttempt({ ctx: tenant.ctx, input: { attemptId } });
    expect(await tenant.payments()).toMatchObject([{ state: "requires_action" }]);
    await tenant.age(2 * 60);
    await resolveAttempt({ ctx: tenant.ctx, input: { attemptId } });
    expect(await tenant.payments()).toMatchObject([{ state: "declined", reason: "abandoned" }]);
    expect(await tenant.balance(invoice)).toEqual([500n, 0n, 0n]);

    tenant.provider.completeChallenge(attemptId, true);
    await resolveAttempt({ ctx: tenant.ctx, input: { attemptId } });
    expect(captures(tenant)).toEqual([0]);
    expect(await tenant.payments()).toMatchObject([{ state: "declined" }]);
  });

  test("authorised before the 30 minutes were over but never resumed: captured, not abandoned", async () => {
    const { tenant, attemptId } = await challenged();
    tenant.provider.completeChallenge(attemptId, true);
    await tenant.age(31 * 60);
    await resolveAttempt({ ctx: tenant.ctx, input: { attemptId } });
    expect(await tenant.payments()).toMatchObject([{ state: "captured" }]);
  });
});

describe("reading", () => {
  test("resolves a payment nobody works on any more", async () => {
    const { tenant, paymentId } = await paymentThatMet([["authorize", "answer_lost"]]);
    const input = { paymentId, customerId };
    expect(await readPayment({ ctx: tenant.ctx, input })).toMatchObject({ payment: { state: "processing" } });
    await tenant.age(3);
    expect(await readPayment({ ctx: tenant.ctx, input })).toMatchObject({ payment: { state: "captured" } });
  });

  test("another customer's payment, another tenant's and none at all are the same not_found", async () => {
    const { tenant, paymentId } = await paymentThatMet([]);
    const answers = await Promise.all([
      readPayment({ ctx: tenant.ctx, input: { paymentId, customerId: "C-2" } }),
      readPayment({ ctx: world.tenant().ctx, input: { paymentId, customerId } }),
      readPayment({ ctx: tenant.ctx, input: { paymentId: randomUUID(), customerId } }),
      resumePayment({ ctx: tenant.ctx, input: { paymentId, customerId: "C-2" } }),
      readPayment({ ctx: tenant.ctx, input: { paymentId, customerId, allowedInvoices: ["another"] } }),
      resumePayment({ ctx: tenant.ctx, input: { paymentId, customerId, allowedInvoices: [] } }),
      resumePayment({ ctx: world.tenant().ctx, input: { paymentId, customerId } }),
    ]);
    for (const answer of answers) expect(answer).toEqual({ kind: "refused", code: "not_found" });
  });

  test("unfinished payments are told to their customer only, and not beyond the session's invoices", async () => {
    const { tenant, invoice, paymentId } = await paymentThatMet([["authorize", "answer_lost"]]);
    const ask = (customer: string, allowedInvoices: string[] | null) =>
      unfinishedPayments({ ctx: tenant.ctx, input: { customerId: customer, allowedInvoices } });
    expect(await ask(customerId, null)).toMatchObject([{ id: paymentId, state: "processing" }]);
    expect(await ask(customerId, [invoice])).toMatchObject([{ id: paymentId }]);
    expect(await ask(customerId, ["other"])).toEqual([]);
    expect(await ask("C-2", null)).toEqual([]);
    await tenant.age(3);
    await readPayment({ ctx: tenant.ctx, input: { paymentId, customerId } });
    expect(await ask(customerId, null)).toEqual([]);
  });

  test("an unfinished payment is told of without the bank's page: that is answered to who asks for the payment", async () => {
    const { tenant, paymentId } = await paymentThatMet([], "tok_challenge");
    const input = { customerId, allowedInvoices: null };
    const [told, ...more] = await unfinishedPayments({ ctx: tenant.ctx, input });
    expect(more).toEqual([]);
    expect(told).toMatchObject({ id: paymentId, state: "requires_action", action: null, receipt: null });
    expect(told?.lines).toHaveLength(1);
    const asked = await readPayment({ ctx: tenant.ctx, input: { paymentId, customerId } });
    expect(asked).toMatchObject({ payment: { action: { type: "challenge" } } });
  });
});
