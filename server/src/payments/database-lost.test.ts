import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { FakeOperation } from "../providers/fake.ts";
import { TenantUnavailable } from "../tenants/errors.ts";
import { readPayment } from "./read-payment.ts";
import { start } from "./testing/start.ts";
import { createWorld, type TestTenant } from "./testing/world.ts";

let world: Awaited<ReturnType<typeof createWorld>>;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

/** Ends every connection of the tenant, as a restart of PostgreSQL does. */
const dropConnections = () => world.admin`
  select pg_terminate_backend(pid) from pg_stat_activity where usename like 'payers_%' and datname = current_database()`;

async function expectOneCapture(tenant: TestTenant, invoice: string) {
  expect([...tenant.provider.charges.values()]).toMatchObject([{ captures: 1 }]);
  expect(await tenant.balance(invoice)).toEqual([500n, 0n, 500n]);
  expect(await tenant.outbox()).toHaveLength(2);
}

test.each<FakeOperation>(["inspect", "authorize", "capture"])(
  "PostgreSQL restarts while the provider works on %s: never declined, and the same id ends captured once",
  async (during) => {
    const tenant = world.tenant();
    const invoice = await tenant.invoice(500n);
    const ask = { id: randomUUID(), lines: [[invoice, 500n]] as [string, bigint][] };
    tenant.provider.beforeAnswer = async (operation) => {
      if (operation === during) await dropConnections();
    };
    const states: string[] = [];
    for (let round = 0; round < 4 && states.at(-1) !== "captured"; round++) {
      const result = await start(tenant.ctx, ask).catch((error: unknown) => {
        if (error instanceof TenantUnavailable) return null;
        throw error;
      });
      tenant.provider.beforeAnswer = async () => {};
      if (result?.kind === "payment") states.push(result.payment.state);
      await tenant.age(40);
      await readPayment({ ctx: tenant.ctx, input: { paymentId: ask.id, customerId: "C-1" } });
    }
    expect(states.filter((state) => state !== "processing")).toEqual(["captured"]);
    await expectOneCapture(tenant, invoice);
  },
);

/** The n-th statement commits, but its answer is lost. */
function losingAnswer(tenant: TestTenant, lost: number): TestTenant["ctx"] {
  let count = 0;
  const query: TestTenant["ctx"]["db"]["query"] = async (...args) => {
    const rows = await tenant.ctx.db.query(...args);
    if (count++ === lost) throw new TenantUnavailable("the answer to COMMIT was lost");
    return rows as never;
  };
  return { ...tenant.ctx, db: { ...tenant.ctx.db, query } };
}

test.each([
  ["transaction 1", 1],
  ["transaction 2", 2],
])(
  "the answer to %s's commit is lost: asking again with the same id is the same payment",
  async (_, lost) => {
    const tenant = world.tenant();
    const invoice = await tenant.invoice(500n);
    const ask = { id: randomUUID(), lines: [[invoice, 500n]] as [string, bigint][] };
    await expect(start(losingAnswer(tenant, lost), ask)).rejects.toThrow(TenantUnavailable);
    const again = await start(tenant.ctx, ask);
    expect(again).toMatchObject({
      created: false,
      payment: { state: lost === 2 ? "captured" : "processing" },
    });
    await tenant.age(31);
    const input = { paymentId: ask.id, customerId: "C-1" };
    expect(await readPayment({ ctx: tenant.ctx, input })).toMatchObject({ payment: { state: "captured" } });
    await expectOneCapture(tenant, invoice);
  },
);
