import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { FakeFault, FakeOperation } from "../providers/fake.ts";
import { resolveAttempt } from "./resolve-attempt.ts";
import { start } from "./testing/start.ts";
import { createWorld, type TestTenant } from "./testing/world.ts";

let world: Awaited<ReturnType<typeof createWorld>>;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

/** A tenant with one payment of 500 that met the faults. */
async function paymentThatMet(
  faults: [FakeOperation, FakeFault][],
  { captures = "once" as "once" | "several" } = {},
) {
  const tenant = world.tenant();
  tenant.provider.captures = captures;
  const invoice = await tenant.invoice(500n);
  for (const [operation, fault] of faults) tenant.provider.failNext(operation, fault);
  await start(tenant.ctx, { id: randomUUID(), lines: [[invoice, 500n]] });
  const attemptId = (await tenant.attempts())[0]?.id as string;
  const resolve = () => resolveAttempt({ ctx: tenant.ctx, input: { attemptId } });
  /** The worker's looks, as late as they come. */
  const looks = async (...pausesS: number[]) => {
    for (const pauseS of pausesS) {
      await tenant.age(pauseS);
      await resolve();
    }
  };
  const keys = () => tenant.provider.captureKeys.map((key) => key.replace(attemptId, ""));
  return { tenant, invoice, attemptId, resolve, looks, keys };
}

const taken = (tenant: TestTenant) =>
  [...tenant.provider.charges.values()].map(({ captures, captured }) => [captures, captured?.amountMinor]);
const state = async (tenant: TestTenant) => (await tenant.payments())[0]?.state;

test("a capture whose key holds the vendor's error for ever is captured under the next key, once", async () => {
  const { tenant, invoice, looks, keys } = await paymentThatMet([["capture", "error_stored"]]);
  expect(await state(tenant)).toBe("authorized");
  expect(await tenant.attempts()).toMatchObject([{ last_cause: "answered 500", capture_number: 1 }]);
  await looks(3, 6, 16);
  expect(await state(tenant)).toBe("captured");
  expect(taken(tenant)).toEqual([[1, 500n]]);
  expect(keys()).toEqual([":capture:2"]);
  expect(await tenant.balance(invoice)).toEqual([500n, 0n, 500n]);
  expect((await tenant.ledger()).map((row) => row.amount_minor)).toEqual([500n, -500n]);
  expect(await tenant.outbox()).toHaveLength(2);
  expect(await tenant.audit()).toEqual([
    "payment.started",
    "payment.authorized",
    "payment.capture_key_changed",
    "payment.captured",
  ]);
});

test.each<[string, FakeFault, number[]]>([
  ["before the pause is over", "error_stored", [0, 5, 5]],
  ["after one error: the same key may be well by now", "error_stored", [3_600]],
  ["for calls nobody heard the end of: they may be under way", "unreached", [60, 60, 3_600, 3_600]],
  ["for answers nobody could read", "throws", [60]],
])("the key is not changed %s", async (_, fault, pausesS) => {
  const { tenant, looks } = await paymentThatMet(Array(5).fill(["capture", fault]));
  await looks(...pausesS);
  expect(await tenant.attempts()).toMatchObject([{ capture_number: 1 }]);
  expect(await tenant.audit()).not.toContain("payment.capture_key_changed");
});

test("where a charge may be captured several times the key never changes: held for a person, however long", async () => {
  const { tenant, invoice, looks, keys } = await paymentThatMet([["capture", "error_stored"]], {
    captures: "several",
  });
  await looks(3, 60, 3_600, 86_400, 86_400);
  expect(await state(tenant)).toBe("authorized");
  expect([taken(tenant), keys()]).toEqual([[[0, undefined]], []]);
  expect(await tenant.attempts()).toMatchObject([{ capture_number: 1, last_cause: "answered 500" }]);
  expect(await tenant.balance(invoice)).toEqual([500n, 500n, 0n]);
});

test.each(["once", "several"] as const)(
  "captured long after the error was answered, where it may be captured %s: the money is taken one time",
  async (captures) => {
    const { tenant, looks } = await paymentThatMet([["capture", "error_late"]], { captures });
    await looks(3, 20, 3_600);
    tenant.provider.heal();
    await looks(3_600);
    expect([await state(tenant), taken(tenant)]).toEqual(["captured", [[1, 500n]]]);
  },
);

test.each(["once", "several"] as const)(
  "captured, and the error stored all the same (%s): recorded as captured, no other key is sent",
  async (captures) => {
    const { tenant, looks, keys } = await paymentThatMet([["capture", "error_after"]], { captures });
    await looks(3_600);
    expect([await state(tenant), taken(tenant), keys()]).toEqual(["captured", [[1, 500n]], [":capture"]]);
  },
);

test.each<[string, FakeFault, string, [number, bigint | undefined][]]>([
  ["not done: never sent under another, given up as any that never reached it", "error_stored", "failed", []],
  ["done: found, and captured", "error_after", "captured", [[1, 500n]]],
])("an authorisation whose key holds an error for ever, %s", async (_, fault, end, money) => {
  const { tenant, looks } = await paymentThatMet([["authorize", fault]]);
  await looks(3, 60, 900, 900, 900);
  expect([await state(tenant), taken(tenant)]).toEqual([end, money]);
});

test("the next key stands in the database before it is sent, and is the same after a crash", async () => {
  const { tenant, attemptId, looks, resolve, keys } = await paymentThatMet([["capture", "error_stored"]]);
  await looks(3, 6);
  const recorded: unknown[] = [];
  tenant.provider.beforeAnswer = async (operation) => {
    if (operation !== "capture") return;
    recorded.push((await tenant.attempts())[0]?.capture_number);
    throw new Error("the process died here");
  };
  tenant.provider.failNext("capture", "answer_lost");
  await looks(16);
  expect(recorded).toEqual([2]);
  tenant.provider.beforeAnswer = async () => {};
  await tenant.age(60);
  await resolve();
  expect(await state(tenant)).toBe("captured");
  expect([taken(tenant), keys()]).toEqual([[[1, 500n]], [":capture:2"]]);
  expect(tenant.provider.charges.get(attemptId)?.capturedBy.size).toBe(1);
});

test("a vendor that stores its error under every key is asked under one after the other, each after a pause", async () => {
  const { tenant, looks, keys } = await paymentThatMet([["capture", "error_stored"]]);
  for (const _ of [2, 3]) {
    await looks(20);
    tenant.provider.failNext("capture", "error_stored");
    await looks(20);
  }
  expect(await tenant.attempts()).toMatchObject([{ capture_number: 3 }]);
  await looks(20, 20);
  expect([await state(tenant), taken(tenant), keys()]).toEqual(["captured", [[1, 500n]], [":capture:4"]]);
});

test("twenty at once take one next key", async () => {
  const { tenant, looks, resolve, keys } = await paymentThatMet([["capture", "error_stored"]]);
  await looks(3, 6);
  await tenant.age(20);
  await Promise.all(Array.from({ length: 20 }, resolve));
  expect([await state(tenant), taken(tenant), keys()]).toEqual(["captured", [[1, 500n]], [":capture:2"]]);
});

test.each<[string, (tenant: TestTenant, reference: string) => void, string]>([
  [
    "let go of",
    (tenant, reference) =>
      Object.assign(tenant.provider.charges.get(reference) ?? {}, { status: "declined" }),
    "declined",
  ],
  ["not there to read", (tenant, reference) => tenant.provider.charges.delete(reference), "authorized"],
  ["of another account", (tenant) => Object.assign(tenant.provider, { accountId: "acct_new" }), "authorized"],
  [
    "of another amount",
    (tenant, reference) =>
      Object.assign(tenant.provider.charges.get(reference) ?? {}, {
        authorized: { amountMinor: 499n, currency: "USD" },
      }),
    "conflicted",
  ],
])("no other key is sent for a charge that is %s", async (_, change, end) => {
  const { tenant, attemptId, looks, keys } = await paymentThatMet([["capture", "error_stored"]]);
  await looks(3, 6);
  change(tenant, attemptId);
  await looks(60, 3_600);
  expect([await state(tenant), keys()]).toEqual([end, []]);
});

/** The worker's look at the attempt, what the vendor makes of its capture, and who else looks at the same time. */
const look = fc.record({
  pauseS: fc.constantFrom(1, 16, 40, 3_600),
  fault: fc.option(
    fc.constantFrom<FakeFault[]>(
      "error_stored",
      "error_after",
      "error_late",
      "unreached",
      "answer_lost",
      "throws",
    ),
    { freq: 4 },
  ),
  atOnce: fc.constantFrom(1, 1, 3),
});

test("whatever the vendor answers to captures, under however many keys: the money is taken one time and booked one time", {
  timeout: 120_000,
}, async () => {
  const faults = fc.constantFrom<FakeFault[]>("error_stored", "error_late");
  const vendors = fc.constantFrom("once" as const, "several" as const);
  const plans = fc.array(look, { minLength: 2, maxLength: 8 });
  let changed = 0;
  await fc.assert(
    fc.asyncProperty(vendors, faults, plans, async (captures, first, plan) => {
      const { tenant, attemptId, resolve, looks } = await paymentThatMet([["capture", first]], { captures });
      for (const { pauseS, fault, atOnce } of plan) {
        if (fault) tenant.provider.failNext("capture", fault);
        await tenant.age(pauseS);
        await Promise.all(Array.from({ length: atOnce }, resolve));
      }
      tenant.provider.heal();
      await looks(4_000, 4_000, 4_000);
      const charge = tenant.provider.charges.get(attemptId);
      const number = (await tenant.attempts())[0]?.capture_number as number;
      changed += Number(number > 1);
      if (captures === "several") expect(number).toBe(1);
      const held = captures === "several" && charge?.captures === 0;
      expect([await state(tenant), charge?.captures, charge?.captured?.amountMinor]).toEqual(
        held ? ["authorized", 0, undefined] : ["captured", 1, 500n],
      );
      expect(await tenant.ledger()).toHaveLength(held ? 0 : 2);
      expect(await tenant.outbox()).toHaveLength(held ? 0 : 2);
      await tenant.sql.end();
    }),
    { numRuns: 40 },
  );
  expect(changed).toBeGreaterThan(5);
});
