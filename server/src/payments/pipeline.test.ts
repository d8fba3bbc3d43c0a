import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { HookRefusal } from "../hooks/pipeline.ts";
import { start } from "./testing/start.ts";
import { createWorld } from "./testing/world.ts";

let world: Awaited<ReturnType<typeof createWorld>>;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

describe("hooks", () => {
  test("a refusal before the money ends declined; the provider is never asked", async () => {
    const refuse = () => {
      throw new HookRefusal("credit hold");
    };
    const tenant = world.tenant({ hooks: { AuthorizePayment: { before: refuse } } });
    const invoice = await tenant.invoice(500n);
    expect(await start(tenant.ctx, { lines: [[invoice, 500n]] })).toMatchObject({
      payment: { state: "declined" },
    });
    expect(tenant.provider.charges.size).toBe(0);
    expect(await tenant.balance(invoice)).toEqual([500n, 0n, 0n]);
    expect(await tenant.audit()).toEqual(["payment.refused_by_hook"]);
  });

  test.each(["CalculateSurcharge", "AuthorizePayment"] as const)(
    "a broken hook before %s: internal, nothing charged",
    async (step) => {
      const tenant = world.tenant({ hooks: { [step]: { before: () => JSON.parse("no") } } });
      expect(await start(tenant.ctx, { lines: [[await tenant.invoice(500n), 500n]] })).toEqual({
        kind: "refused",
        code: "internal",
      });
      expect(tenant.provider.charges.size).toBe(0);
      expect(await tenant.payments()).toEqual([]);
    },
  );

  test("a hook that changes the total is broken: nothing charged", async () => {
    const tenant = world.tenant({
      hooks: {
        AuthorizePayment: { before: (_, input) => ({ ...input, totalMinor: input.totalMinor + 1n }) },
      },
    });
    expect(await start(tenant.ctx, { lines: [[await tenant.invoice(500n), 500n]] })).toEqual({
      kind: "refused",
      code: "internal",
    });
    expect(tenant.provider.charges.size).toBe(0);
  });

  test.each([
    ["AuthorizePayment", "after"],
    ["CapturePayment", "before"],
    ["CapturePayment", "after"],
  ] as const)("%s %s throws once money has moved: the money stands", async (step, phase) => {
    const broken = () => {
      throw new HookRefusal("too late");
    };
    const tenant = world.tenant({ hooks: { [step]: { [phase]: broken } } });
    const invoice = await tenant.invoice(500n);
    expect(await start(tenant.ctx, { lines: [[invoice, 500n]] })).toMatchObject({
      payment: { state: "captured" },
    });
    expect(await tenant.balance(invoice)).toEqual([500n, 0n, 500n]);
    expect(await tenant.outbox()).toHaveLength(2);
  });

  test("may set the surcharge and word the statement", async () => {
    const tenant = world.tenant({
      hooks: {
        CalculateSurcharge: { after: (context) => ({ surchargeMinor: BigInt(context.lines.length) * 7n }) },
        AuthorizePayment: { before: (_, input) => ({ ...input, statement: "ACME 4711" }) },
      },
    });
    const result = await start(tenant.ctx, {
      lines: [[await tenant.invoice(500n), 500n]],
      surchargeMinor: 7n,
    });
    expect(result).toMatchObject({ payment: { state: "captured", totalMinor: "507" } });
    expect((await tenant.attempts())[0]).toMatchObject({ statement: "ACME 4711" });
  });
});
