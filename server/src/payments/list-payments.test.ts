import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { listPayments } from "./list-payments.ts";
import { start } from "./testing/start.ts";
import { createWorld, type TestTenant } from "./testing/world.ts";
import { tracePayment } from "./trace-payment.ts";

let world: Awaited<ReturnType<typeof createWorld>>;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

async function paid(tenant: TestTenant, token = "tok_success"): Promise<string> {
  const id = randomUUID();
  await start(tenant.ctx, { id, lines: [[await tenant.invoice(500n), 500n]], token });
  return id;
}

async function unanswered(tenant: TestTenant): Promise<string> {
  tenant.provider.failNext("authorize", "unreached");
  return paid(tenant);
}

const older = (id: string) =>
  world.admin`update pay.payments set created_at = created_at - interval '61 s' where id = ${id}`;

test("what a person should know of: in conflict at once, open after a minute, oldest first, and nothing else", async () => {
  const tenant = world.tenant();
  await paid(tenant);
  await paid(tenant, "tok_declined");
  await unanswered(tenant);
  const conflicted = await paid(tenant);
  await world.admin`update pay.payments set state = 'conflicted' where id = ${conflicted}`;
  const old = await unanswered(tenant);
  await older(old);
  expect(await listPayments({ ctx: tenant.ctx, input: {} })).toMatchObject([
    { id: old, state: "pending", totalMinor: 500n, checks: 1, nextCheckAt: expect.any(Date) },
    { id: conflicted, state: "conflicted", nextCheckAt: null },
  ]);
});

test("an ended one is named while there is news of it that the provider must be asked about", async () => {
  const tenant = world.tenant();
  const declined = await paid(tenant, "tok_declined");
  expect(await listPayments({ ctx: tenant.ctx, input: {} })).toEqual([]);
  await world.admin`update pay.attempts set next_check_at = now(), last_cause = 'no answer' where payment_id = ${declined}`;
  expect(await listPayments({ ctx: tenant.ctx, input: {} })).toMatchObject([
    { id: declined, state: "declined", nextCheckAt: expect.any(Date), cause: "no answer" },
  ]);
});

test("a state lists exactly its payments, of this tenant alone", async () => {
  const [tenant, other] = [world.tenant(), world.tenant()];
  const [captured, declined] = [await paid(tenant), await paid(tenant, "tok_declined")];
  await paid(other);
  const listed = (state: "captured" | "declined" | "pending") =>
    listPayments({ ctx: tenant.ctx, input: { state } });
  expect(await listed("captured")).toMatchObject([{ id: captured, customerId: "C-1", currency: "USD" }]);
  expect(await listed("declined")).toMatchObject([{ id: declined }]);
  expect(await listed("pending")).toEqual([]);
});

test("a trace tells all that is stored of a payment, but no token", async () => {
  const tenant = world.tenant();
  const captured = await paid(tenant);
  const open = await unanswered(tenant);
  expect(await tracePayment({ ctx: tenant.ctx, input: { id: captured } })).toMatchObject({
    payment: { id: captured, state: "captured", total_minor: 500n },
    attempts: [{ state: "captured" }],
    ledger: [
      { account: "provider_clearing", amount_minor: 500n },
      { account: "receivable", amount_minor: -500n },
    ],
    outbox: [{ kind: "erp_post" }, { kind: "receipt_email" }],
    audit: [{ action: "payment.started" }, { action: "payment.captured" }],
  });
  const [attempt] = await tenant.attempts();
  expect(attempt?.id).toBeTruthy();
  const trace = await tracePayment({ ctx: tenant.ctx, input: { id: open } });
  expect(trace?.attempts).toHaveLength(1);
  const told = JSON.stringify(trace, (_, value) => (typeof value === "bigint" ? `${value}` : value));
  expect(told).not.toContain("tok_success");
});

test("another tenant's payment, an unknown id and a malformed one are not there", async () => {
  const [tenant, other] = [world.tenant(), world.tenant()];
  for (const id of [await paid(other), randomUUID(), "R-1001"]) {
    expect(await tracePayment({ ctx: tenant.ctx, input: { id } })).toBe(null);
  }
});
