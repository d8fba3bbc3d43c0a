import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { HookRefusal } from "../../hooks/pipeline.ts";
import { metricsText } from "../../telemetry/metrics.ts";
import { readPayment } from "../read-payment.ts";
import { resolveAttempt } from "../resolve-attempt.ts";
import { resumePayment } from "../resume-payment.ts";
import { startPayment } from "../start-payment.ts";
import { paymentRequest } from "../testing/start.ts";
import { createWorld, type TestTenant } from "../testing/world.ts";
import { forgetDeclines, noteDecline } from "./declines.ts";
import { minimumOf } from "./minimum.ts";
import { takeTurn } from "./session-turns.ts";
import { subjectsOf } from "./subjects.ts";

let world: Awaited<ReturnType<typeof createWorld>>;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

interface Try {
  token?: string;
  session?: string | null;
  address?: string | null;
  customer?: string;
  amountMinor?: bigint;
  id?: string;
}

/** A tenant whose customers may try to pay 500 as often as they like. */
function shop(options: Parameters<typeof world.tenant>[0] = {}) {
  const tenant = world.tenant(options);
  const invoices = new Map<string, Promise<string>>();
  const invoiceOf = (customerId: string) => {
    const known = invoices.get(customerId) ?? tenant.invoice(1_000_000n, { customerId });
    invoices.set(customerId, known);
    return known;
  };
  let card = 0;
  const pay = async ({ customer = "C-1", session = "s-1", address = null, ...asked }: Try = {}) => {
    const { token = `tok_insufficient#${card++}`, amountMinor = 500n, id = randomUUID() } = asked;
    const request = paymentRequest({ id, token, lines: [[await invoiceOf(customer), amountMinor]] });
    const input = { request, customerId: customer, allowedInvoices: null, returnOrigin: null, locale: "en" };
    const result = await startPayment({ ctx: tenant.ctx, input: { ...input, session, address } });
    return result.kind === "refused"
      ? { told: result.code, waitS: result.retryAfterS ?? 0, id }
      : { told: result.payment.reason ?? result.payment.state, waitS: 0, id };
  };
  return { tenant, pay, charges: () => tenant.provider.charges.size };
}

const many = <T>(count: number, what: (n: number) => T): T[] =>
  Array.from({ length: count }, (_, n) => what(n));

async function inRow<T>(count: number, what: (n: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (let n = 0; n < count; n++) results.push(await what(n));
  return results;
}

describe("a hundred and twenty cards tried by one session", () => {
  test("in a row: six reach the provider, three learn a reason, the rest are told to wait", async () => {
    const { pay, charges } = shop();
    const told = await inRow(120, () => pay());
    expect(charges()).toBe(6);
    expect(told.slice(0, 7).map((one) => one.told)).toEqual([
      ...["insufficient_funds", "insufficient_funds", "insufficient_funds"],
      ...["declined", "declined", "declined", "too_many_declines"],
    ]);
    for (const { told: code, waitS } of told.slice(6)) {
      expect(code).toBe("too_many_declines");
      expect(waitS).toBeGreaterThan(0);
      expect(waitS).toBeLessThanOrEqual(15);
    }
  });

  test.each([
    ["with its session known", "s-1"],
    ["from an edge that says no session", null],
  ])("all at once, %s: no more reach the provider than in a row", async (_, session) => {
    const { pay, charges } = shop();
    const told = await Promise.all(many(120, () => pay({ session })));
    expect(charges()).toBeLessThanOrEqual(session === null ? 11 : 6);
    expect(new Set(told.map((one) => one.told))).toEqual(
      new Set(["insufficient_funds", "declined", "too_many_declines"]),
    );
  });

  test("at a cent each: none reaches the provider", async () => {
    const { pay, charges } = shop();
    const told = await inRow(5, () => pay({ amountMinor: 1n }));
    expect([charges(), new Set(told.map((one) => one.told))]).toEqual([0, new Set(["amount_below_minimum"])]);
  });
});

describe("whoever it is that tries:", () => {
  test.each<[string, (n: number) => Try, number]>([
    ["one session, customer after customer", (n) => ({ customer: `K-${n}` }), 6],
    ["one customer, session after session", (n) => ({ session: `s-${n}` }), 11],
    ["one address", (n) => ({ session: `s-${n}`, customer: `K-${n}`, address: "203.0.113.7" }), 31],
    [
      "one IPv6 network",
      (n) => ({ session: `s-${n}`, customer: `K-${n}`, address: `2001:db8:1:2::${n}` }),
      31,
    ],
    ["one card", (n) => ({ session: `s-${n}`, customer: `K-${n}`, token: "tok_declined#stolen" }), 6],
  ])("%s", async (_, who, reached) => {
    const { pay, charges } = shop();
    const told = await inRow(reached + 3, (n) => pay(who(n)));
    expect(charges()).toBe(reached);
    expect(told.slice(reached).map((one) => one.told)).toEqual(many(3, () => "too_many_declines"));
  });

  test("others are not slowed with them", async () => {
    const { pay } = shop();
    await inRow(12, () => pay({ address: "203.0.113.7" }));
    expect((await pay({ session: "s-2", customer: "C-2", token: "tok_success" })).told).toBe("captured");
  });

  test("by the settings' numbers", async () => {
    const limits = { session: 2, customer: 100, address: 100, card: 100 };
    const { pay, charges } = shop({ settings: { "limits.declines": limits } });
    expect((await inRow(4, () => pay())).map((one) => one.told)).toEqual([
      ...["insufficient_funds", "declined", "declined", "too_many_declines"],
    ]);
    expect(charges()).toBe(3);
  });
});

test("nobody is locked out: pauses grow from 15 seconds, to 15 minutes at most, and after each a card is tried", async () => {
  const { tenant, pay, charges } = shop();
  await inRow(6, () => pay());
  const pauses: number[] = [];
  for (let more = 0; more < 9; more++) {
    const { told, waitS } = await pay();
    expect(told).toBe("too_many_declines");
    pauses.push(waitS);
    await tenant.age(waitS);
    const before = charges();
    expect((await pay()).told).toBe("declined");
    expect(charges()).toBe(before + 1);
  }
  // What is forgotten meanwhile, five an hour, holds them between.
  expect(pauses.slice(0, 6)).toEqual([15, 30, 60, 120, 240, 480]);
  for (const pause of pauses.slice(6)) expect(pause === 480 || pause === 900).toBe(true);
  await tenant.age(900);
  expect((await pay({ token: "tok_success" })).told).toBe("captured");
});

test("a try during the pause makes it no longer, and an hour of quiet makes the session as good as new", async () => {
  const { tenant, pay } = shop();
  await inRow(6, () => pay());
  const before = await tenant.declines();
  await inRow(5, () => pay());
  expect(await tenant.declines()).toEqual(before);
  await tenant.age(2 * 3_600);
  expect((await pay()).told).toBe("insufficient_funds");
});

describe("not counted:", () => {
  test.each<[string, (tenant: TestTenant) => void, string]>([
    ["what is captured", () => {}, "tok_success"],
    ["what nobody knows yet", (t) => t.provider.failNext("authorize", "unreached"), "tok_declined"],
    ["a card the provider does not know", () => {}, "tok_none"],
    ["a challenge that is open", () => {}, "tok_challenge"],
  ])("%s", async (_, prepare, token) => {
    const { tenant, pay } = shop();
    await inRow(3, (n) => {
      prepare(tenant);
      return pay({ token: `${token}#${n}` });
    });
    expect(await tenant.declines()).toEqual([]);
  });

  test("what a tenant's hook refuses, and what the payer abandons", async () => {
    const refusing = () => {
      throw new HookRefusal("no");
    };
    const hooked = shop({ hooks: { AuthorizePayment: { before: refusing } } });
    await hooked.pay();
    const { tenant, pay } = shop();
    await pay({ token: "tok_challenge" });
    await tenant.age(31 * 60);
    await resolveAttempt({ ctx: tenant.ctx, input: { attemptId: (await tenant.attempts())[0]?.id } });
    expect([await hooked.tenant.declines(), await tenant.declines()]).toEqual([[], []]);
  });
});

test("a challenge that is failed counts when it is, whoever hears of it first", async () => {
  const { tenant, pay } = shop();
  const { id } = await pay({ token: "tok_challenge", address: "203.0.113.7" });
  tenant.provider.completeChallenge((await tenant.attempts())[0]?.id, false);
  await resumePayment({ ctx: tenant.ctx, input: { paymentId: id, customerId: "C-1" } });
  const scopes = (await tenant.declines()).map((row) => row.subject.split(":")[0]);
  expect(scopes).toEqual(["address", "card", "customer", "session"]);
});

test("reasons are coarse wherever they are read, and whole for the seller; those told before stay told", async () => {
  const { tenant, pay } = shop();
  const tried = await inRow(5, () => pay());
  const read = async ({ id }: { id: string }) => {
    const view = await readPayment({ ctx: tenant.ctx, input: { paymentId: id, customerId: "C-1" } });
    return view.kind === "payment" ? view.payment.reason : view.code;
  };
  expect(await Promise.all(tried.map(read))).toEqual([
    ...["insufficient_funds", "insufficient_funds", "insufficient_funds", "declined", "declined"],
  ]);
  expect(new Set((await tenant.payments()).map(({ reason }) => reason))).toEqual(
    new Set(["insufficient_funds"]),
  );
});

test("while it is slowed a payment that was begun before is still told its own state", async () => {
  const { pay } = shop();
  const token = "tok_insufficient#first";
  const { id } = await pay({ token });
  await inRow(8, () => pay());
  expect((await pay({ id, token })).told).toBe("insufficient_funds");
});

test("the alarm: once an hour for each that passes its limit, in metric, log and audit log", async () => {
  const { tenant, pay } = shop();
  const lines: unknown[] = [];
  tenant.ctx.log.warn = ((...line: unknown[]) => void lines.push(line)) as typeof tenant.ctx.log.warn;
  const before = await slowedSessions();
  await inRow(6, () => pay());
  await tenant.age(60);
  await pay();
  const alarms = async () =>
    (await tenant.audit()).filter((action) => action === "payment.card_testing_suspected");
  expect([(await alarms()).length, lines.length, (await slowedSessions()) - before]).toEqual([1, 1, 1]);
  await tenant.age(3_700);
  await inRow(6, () => pay());
  expect(await alarms()).toHaveLength(2);
});

async function slowedSessions(): Promise<number> {
  const text = await metricsText();
  return Number(/card_testing_slowed_total\{scope="session",tenant="acme"\} (\d+)/.exec(text)?.[1] ?? 0);
}

test("neither addresses nor fingerprints nor sessions are stored, and tenants' digests differ", async () => {
  const { tenant, pay } = shop();
  await pay({ address: "203.0.113.7", session: "thumbprint", token: "tok_declined#stolen" });
  const stored = JSON.stringify([
    await tenant.declines(),
    (await tenant.attempts()).map(({ subjects }) => subjects),
  ]);
  expect(stored).not.toMatch(/203\.0|thumbprint|fp_|stolen/);
  const payer = { session: "s", customer: "c", address: "a", card: "f" };
  const [one, other] = [subjectsOf("t1", payer), subjectsOf("t2", payer)];
  expect(new Set([...one, ...other]).size).toBe(8);
});

test("an address in all its spellings is one, a neighbour in the network too, another network is not", () => {
  const digest = (address: string) =>
    subjectsOf("t", { session: null, customer: null, card: null, address })[0];
  const same = [
    ["203.0.113.7", "::ffff:203.0.113.7", "::FFFF:203.0.113.7"],
    ["2001:db8::1", "2001:0db8:0:0:1::", "2001:DB8:0:0:ffff::9", "2001:db8::1%eth0"],
  ];
  for (const spellings of same) expect(new Set(spellings.map(digest)).size).toBe(1);
  expect(
    new Set(["203.0.113.7", "203.0.113.8", "2001:db8::1", "2001:db8:0:1::1", "::1"].map(digest)).size,
  ).toBe(5);
});

test("a day after its last decline a subject is forgotten", async () => {
  const { tenant, pay } = shop();
  await pay();
  expect(await forgetDeclines.run(tenant.ctx)).toBe(0);
  await tenant.age(86_401);
  expect(await forgetDeclines.run(tenant.ctx)).toBeGreaterThan(0);
  expect(await tenant.declines()).toEqual([]);
});

test("fifty declines of the same subjects counted at once are fifty", async () => {
  const { tenant, pay } = shop();
  await pay({ address: "203.0.113.7" });
  const attemptId = (await tenant.attempts())[0]?.id as string;
  await Promise.all(many(49, () => noteDecline({ ctx: tenant.ctx, input: { attemptId, paymentId: "p" } })));
  for (const { level } of await tenant.declines()) expect(Math.round(level)).toBe(50);
});

describe("the least one payment may be", () => {
  test.each([
    ["USD", {}, 100n],
    ["JPY", {}, 100n],
    ["KWD", {}, 1_000n],
    ["CLF", {}, 10_000n],
    ["USD", { EUR: "500" }, 100n],
    ["EUR", { EUR: "500" }, 500n],
    ["EUR", { EUR: "0" }, 0n],
  ])("in %s, set %j, is %s", (currency, set, least) => {
    expect(minimumOf(set, currency)).toBe(least);
  });

  test("what is left of invoices may be paid whole, however little; a part of it not, nor beside a part", async () => {
    const tenant = world.tenant();
    const [small, large] = [await tenant.invoice(30n), await tenant.invoice(500n)];
    const pay = async (...lines: [string, bigint][]) => {
      const input = { customerId: "C-1", allowedInvoices: null, returnOrigin: null, locale: "en" };
      const result = await startPayment({
        ctx: tenant.ctx,
        input: { ...input, request: paymentRequest({ lines }) },
      });
      return result.kind === "refused" ? result.code : result.payment.state;
    };
    expect(await pay([small, 29n])).toBe("amount_below_minimum");
    expect(await pay([large, 99n])).toBe("amount_below_minimum");
    expect(await pay([small, 30n], [large, 69n])).toBe("amount_below_minimum");
    expect(await pay([large, 100n])).toBe("captured");
    expect(await pay([small, 30n])).toBe("captured");
    expect(await pay([large, 350n])).toBe("captured");
    expect(await pay([large, 50n])).toBe("captured");
  });

  test("is said in the currency's own units", async () => {
    const tenant = world.tenant();
    const request = paymentRequest({
      lines: [[await tenant.invoice(5_000n, { currency: "KWD" }), 999n]],
      currency: "KWD",
    });
    const input = { request, customerId: "C-1", allowedInvoices: null, returnOrigin: null, locale: "en" };
    expect(await startPayment({ ctx: tenant.ctx, input })).toMatchObject({
      errors: [{ pointer: "/lines", message: expect.stringContaining("At least 1.000 KWD") }],
    });
  });
});

describe("a session's turns", () => {
  const soon = () => Date.now() + 5_000;

  test("come one by one, in order, while none was captured", async () => {
    const order: number[] = [];
    let under = 0;
    const session = randomUUID();
    await Promise.all(
      many(10, async (n) => {
        const turn = await takeTurn(session, soon());
        order.push(n);
        under += 1;
        expect(under).toBe(1);
        await new Promise((resolve) => setImmediate(resolve));
        under -= 1;
        turn?.done({ captured: false });
      }),
    );
    expect(order).toEqual(many(10, (n) => n));
  });

  test("after a capture nobody waits; after a decline they do again", async () => {
    const session = randomUUID();
    (await takeTurn(session, soon()))?.done({ captured: true });
    const both = [await takeTurn(session, soon()), await takeTurn(session, soon())];
    expect(both).not.toContain(null);
    for (const turn of both) turn?.done({ captured: false });
    const first = await takeTurn(session, soon());
    expect(await takeTurn(session, Date.now() + 20)).toBeNull();
    first?.done({ captured: false });
    expect(await takeTurn(session, soon())).not.toBeNull();
  });

  test("one that gave up waiting holds nobody up, and lets nobody past", async () => {
    const session = randomUUID();
    const first = await takeTurn(session, soon());
    expect(await takeTurn(session, Date.now() + 10)).toBeNull();
    const third = takeTurn(session, soon());
    first?.done({ captured: false });
    expect(await third).not.toBeNull();
  });
});

test("whatever is tried, a pause never exceeds 15 minutes and never begins within the limit", async () => {
  const tries = fc.array(
    fc.record({ declined: fc.boolean(), thenS: fc.constantFrom(0, 0, 1, 30, 900, 3_600) }),
    {
      minLength: 1,
      maxLength: 20,
    },
  );
  await fc.assert(
    fc.asyncProperty(tries, async (plan) => {
      const { tenant, pay } = shop();
      let declinesInRow = 0;
      for (const { declined, thenS } of plan) {
        const { told, waitS } = await pay({
          token: declined ? `tok_declined#${randomUUID()}` : "tok_success",
        });
        expect(waitS).toBeLessThanOrEqual(900);
        if (told === "too_many_declines") expect(declinesInRow).toBeGreaterThan(5);
        else if (declined) declinesInRow += 1;
        await tenant.age(thenS);
      }
      await tenant.sql.end();
    }),
    { numRuns: 25 },
  );
});
