import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { FakeOperation } from "../providers/fake.ts";
import { TenantUnavailable } from "../tenant/errors.ts";
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

/** A payment of 200 is taken at the provider; then the database is as it was before. */
async function broughtBack() {
  const tenant = world.tenant({ flags: { "partial-payments": true } });
  const invoice = await tenant.invoice(500n);
  const id = randomUUID();
  await start(tenant.ctx, { id, lines: [[invoice, 200n]] });
  await world.admin.begin(async (sql) => {
    for (const table of ["ledger_entries", "outbox", "attempts", "payments"]) {
      await sql`delete from ${sql(`pay.${table}`)} where tenant_id = ${tenant.id}`;
    }
    await sql`update pay.invoices set held_minor = 0, settled_minor = 0 where tenant_id = ${tenant.id}`;
  });
  return { tenant, invoice, id };
}

test.each([["as it was written"], ["in capitals"]])(
  "brought back to before a payment, asked again with its id %s: the same charge, captured once",
  async (written) => {
    const { tenant, invoice, id } = await broughtBack();
    const asked = written === "in capitals" ? id.toUpperCase() : id;
    expect(await start(tenant.ctx, { id: asked, lines: [[invoice, 200n]] })).toMatchObject({
      created: true,
      payment: { state: "captured" },
    });
    expect([...tenant.provider.charges.values()]).toMatchObject([{ captures: 1 }]);
    expect(await tenant.balance(invoice)).toEqual([500n, 0n, 200n]);
  },
);

test("brought back to before a payment, its id asks for another amount: never declined, a person decides", async () => {
  const { tenant, invoice, id } = await broughtBack();
  expect(await start(tenant.ctx, { id, lines: [[invoice, 300n]] })).toMatchObject({
    payment: { state: "processing" },
  });
  await tenant.age(31);
  await readPayment({ ctx: tenant.ctx, input: { paymentId: id, customerId: "C-1" } });
  expect(await tenant.payments()).toMatchObject([{ state: "conflicted" }]);
  expect([...tenant.provider.charges.values()]).toMatchObject([{ captures: 1 }]);
  expect(await tenant.balance(invoice)).toEqual([500n, 300n, 0n]);
});

test("one payment id in two tenants is two charges", async () => {
  const id = randomUUID();
  const references = [];
  for (const tenant of [world.tenant(), world.tenant()]) {
    await start(tenant.ctx, { id, lines: [[await tenant.invoice(5n), 5n]] });
    references.push((await tenant.attempts())[0]?.id);
  }
  expect(new Set(references).size).toBe(2);
});
