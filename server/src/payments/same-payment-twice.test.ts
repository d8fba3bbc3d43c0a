import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readPayment } from "./read-payment.ts";
import { resumePayment } from "./resume-payment.ts";
import { startPayment } from "./start-payment.ts";
import { type Ask, paymentRequest, start } from "./testing/start.ts";
import { createWorld } from "./testing/world.ts";

let world: Awaited<ReturnType<typeof createWorld>>;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

describe("the same payment id", () => {
  test("clicked twenty times at once: one payment, one charge, one capture, everyone is answered it", async () => {
    const tenant = world.tenant();
    const ask = { id: randomUUID(), lines: [[await tenant.invoice(500n), 500n]] as [string, bigint][] };
    const results = await Promise.all(Array.from({ length: 20 }, () => start(tenant.ctx, ask)));
    expect(results.every((result) => result.kind === "payment" && result.payment.id === ask.id)).toBe(true);
    expect(results.filter((result) => result.kind === "payment" && result.created)).toHaveLength(1);
    expect([...tenant.provider.charges.values()]).toMatchObject([{ captures: 1 }]);
    expect(await tenant.attempts()).toHaveLength(1);
  });

  test("with another body: idempotency_mismatch, the first stands", async () => {
    const tenant = world.tenant();
    const id = randomUUID();
    const invoice = await tenant.invoice(500n);
    await start(tenant.ctx, { id, lines: [[invoice, 100n]] });
    expect(await start(tenant.ctx, { id, lines: [[invoice, 101n]] })).toEqual({
      kind: "refused",
      code: "idempotency_mismatch",
    });
    expect(await tenant.balance(invoice)).toEqual([500n, 0n, 100n]);
  });

  test("with another body at the same time: one of them is paid, the other refused", async () => {
    const tenant = world.tenant();
    const id = randomUUID();
    const [a, b] = [await tenant.invoice(500n), await tenant.invoice(500n)];
    const results = await Promise.all([
      start(tenant.ctx, { id, lines: [[a, 100n]] }),
      start(tenant.ctx, { id, lines: [[b, 200n]] }),
    ]);
    expect(
      results.map((result) => (result.kind === "refused" ? result.code : result.payment.state)).sort(),
    ).toEqual(["captured", "idempotency_mismatch"]);
    expect(tenant.provider.charges.size).toBe(1);
  });

  test("after the invoice is paid still answers the payment, not a refusal", async () => {
    const tenant = world.tenant();
    const ask = { id: randomUUID(), lines: [[await tenant.invoice(500n), 500n]] as [string, bigint][] };
    await start(tenant.ctx, ask);
    expect(await start(tenant.ctx, ask)).toMatchObject({
      kind: "payment",
      created: false,
      payment: { state: "captured" },
    });
  });

  test("in two tenants is two payments", async () => {
    const id = randomUUID();
    for (const tenant of [world.tenant(), world.tenant()]) {
      const result = await start(tenant.ctx, { id, lines: [[await tenant.invoice(5n), 5n]] });
      expect(result).toMatchObject({ kind: "payment", created: true });
    }
  });
});

test("two tabs, one invoice, different ids: one is paid, the other refused, in any order", async () => {
  const tenant = world.tenant();
  const [a, b] = [await tenant.invoice(500n), await tenant.invoice(500n)];
  const results = await Promise.all(
    Array.from({ length: 10 }, (_, tab) =>
      // Every other tab lists the invoices the other way round: locks must not cross.
      start(tenant.ctx, {
        lines:
          tab % 2
            ? [
                [a, 500n],
                [b, 500n],
              ]
            : [
                [b, 500n],
                [a, 500n],
              ],
      }),
    ),
  );
  expect(results.filter((result) => result.kind === "payment")).toHaveLength(1);
  expect(
    results.filter(
      (result) =>
        result.kind === "refused" &&
        result.code !== "amount_exceeds_balance" &&
        result.code !== "invoice_closed",
    ),
  ).toEqual([]);
  expect(tenant.provider.charges.size).toBe(1);
  expect(await tenant.balance(a)).toEqual([500n, 0n, 500n]);
});

describe("an id that another's payment has is as free as any", () => {
  type Asked = Omit<Parameters<typeof startPayment>[0]["input"], "request">;
  const unlimited = (customerId: string): Asked => ({
    ...{ customerId, allowedInvoices: null, returnOrigin: null, locale: "en" },
  });
  /** What differs from payment to payment, taken out. */
  const withoutIds = (answer: unknown, id: string) =>
    JSON.parse(
      JSON.stringify(answer)
        .replaceAll(id, "<id>")
        .replace(/"R-\d+"/g, '"R"')
        .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "<at>"),
    );

  /** A payment of C-1's, and what C-2 may pay. */
  async function shop(token = "tok_success") {
    const tenant = world.tenant();
    const [theirs, mine] = [await tenant.invoice(500n), await tenant.invoice(9_000n, { customerId: "C-2" })];
    const other = await tenant.invoice(9_000n, { customerId: "C-2", currency: "EUR" });
    const id = randomUUID();
    const request = paymentRequest({ id, token, lines: [[theirs, 500n]] });
    await startPayment({ ctx: tenant.ctx, input: { ...unlimited("C-1"), request } });
    return { tenant, id, mine, other, theirs };
  }
  type Shop = Awaited<ReturnType<typeof shop>>;

  const asks: [string, (shop: Shop) => Ask][] = [
    ["a good payment", ({ mine }) => ({ lines: [[mine, 700n]] })],
    ["a declined one", ({ mine }) => ({ lines: [[mine, 700n]], token: "tok_insufficient" })],
    ["one with a challenge", ({ mine }) => ({ lines: [[mine, 700n]], token: "tok_challenge" })],
    ["more than is open", ({ mine }) => ({ lines: [[mine, 9_001n]] })],
    ["another currency", ({ other }) => ({ lines: [[other, 700n]] })],
    ["no invoice of theirs", ({ theirs }) => ({ lines: [[theirs, 500n]] })],
    ["too little", ({ mine }) => ({ lines: [[mine, 1n]] })],
    ["a card nobody knows", ({ mine }) => ({ lines: [[mine, 700n]], token: "tok_none" })],
    ["another price", ({ mine }) => ({ lines: [[mine, 700n]], surchargeMinor: 5n })],
  ];
  for (const state of ["tok_success", "tok_declined", "tok_challenge"]) {
    test.each(asks)(
      `${state}: %s is answered as under an id nobody has, again and again, and when it is read`,
      async (_, ask) => {
        const all = async (taken: boolean) => {
          const one = await shop(state);
          const id = taken ? one.id : randomUUID();
          const { ctx, provider } = one.tenant;
          const asked = { ...unlimited("C-2"), request: paymentRequest({ id, ...ask(one) }) };
          const input = { paymentId: id, customerId: "C-2" };
          const before = (await one.tenant.payments())[0];
          const answers = [
            await readPayment({ ctx, input }),
            await startPayment({ ctx, input: asked }),
            await startPayment({ ctx, input: asked }),
            await readPayment({ ctx, input }),
            await resumePayment({ ctx, input }),
          ];
          expect((await one.tenant.payments())[0]).toEqual(before);
          const texts = withoutIds(answers, id).map((answer: unknown) =>
            JSON.parse(
              JSON.stringify(answer)
                .replace(/inv-[0-9a-f]{8}/g, "inv")
                .replace(/3ds\/[^"]+/g, "3ds"),
            ),
          );
          return { texts, charges: [...provider.charges.values()].map(({ status }) => status).sort() };
        };
        expect(await all(true)).toEqual(await all(false));
      },
    );
  }

  test("both are paid once, each under its own reference; each reads its own", async () => {
    const { tenant, id, mine, theirs } = await shop();
    const request = paymentRequest({ id, lines: [[mine, 700n]] });
    const results = await Promise.all(
      Array.from({ length: 10 }, () =>
        startPayment({ ctx: tenant.ctx, input: { ...unlimited("C-2"), request } }),
      ),
    );
    expect(results.filter((one) => one.kind === "payment" && one.created)).toHaveLength(1);
    expect([...tenant.provider.charges.values()].map(({ captured }) => captured?.amountMinor)).toEqual([
      500n,
      700n,
    ]);
    expect(await Promise.all([theirs, mine].map((invoice) => tenant.balance(invoice)))).toEqual([
      [500n, 0n, 500n],
      [9_000n, 0n, 700n],
    ]);
    const read = async (customerId: string) => {
      const answer = await readPayment({ ctx: tenant.ctx, input: { paymentId: id, customerId } });
      return answer.kind === "payment" && [answer.payment.id, answer.payment.totalMinor];
    };
    expect([await read("C-1"), await read("C-2")]).toEqual([
      [id, "500"],
      [id, "700"],
    ]);
  });

  test("to a session limited to invoices a payment of others is another's; an unlimited one sees the first", async () => {
    const { tenant, id, mine } = await shop();
    const second = await tenant.invoice(9_000n, { customerId: "C-1" });
    const limited = { ...unlimited("C-1"), allowedInvoices: [second] };
    const request = paymentRequest({ id, lines: [[second, 700n]] });
    const start = () => startPayment({ ctx: tenant.ctx, input: { ...limited, request } });
    expect(await start()).toMatchObject({
      created: true,
      payment: { id, state: "captured", totalMinor: "700" },
    });
    expect(await start()).toMatchObject({ created: false, payment: { id, totalMinor: "700" } });
    const read = (allowedInvoices: string[] | null) =>
      readPayment({ ctx: tenant.ctx, input: { paymentId: id, customerId: "C-1", allowedInvoices } });
    expect(await read([second])).toMatchObject({ payment: { id, totalMinor: "700" } });
    expect(await read(null)).toMatchObject({ payment: { id, totalMinor: "500" } });
    expect(await read([mine])).toEqual({ kind: "refused", code: "not_found" });
    expect(await startPayment({ ctx: tenant.ctx, input: { ...unlimited("C-1"), request } })).toEqual({
      kind: "refused",
      code: "idempotency_mismatch",
    });
  });
});
