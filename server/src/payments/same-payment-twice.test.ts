import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { start } from "./testing/start.ts";
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
