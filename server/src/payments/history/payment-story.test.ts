import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { start } from "../testing/start.ts";
import { createWorld, type TestTenant } from "../testing/world.ts";
import { overview } from "./overview.ts";
import { paymentStory } from "./payment-story.ts";

let world: Awaited<ReturnType<typeof createWorld>>;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

async function paid({ ctx }: TestTenant, invoiceId: string, amountMinor: bigint) {
  const started = await start(ctx, { lines: [[invoiceId, amountMinor]] });
  if (started.kind === "refused") throw new Error(started.code);
  expect(started.payment.state).toBe("captured");
  return started.payment;
}

test("a payment's story has every step in its order, with the provider's reference, and names people", async () => {
  const tenant = world.tenant();
  const invoiceId = await tenant.invoice(12_500n);
  const payment = await paid(tenant, invoiceId, 12_500n);
  const userId = randomUUID();
  await world.admin`
    insert into pay.users (tenant_id, id, email, role, name) values (${tenant.id}, ${userId}, 'kim@acme.test', 'finance', 'Kim')`;
  await world.admin`
    insert into pay.audit_log (tenant_id, actor, action, subject, detail)
    values (${tenant.id}, ${`user:${userId}`}, 'payment.decided', ${payment.id}, '{"reason":"asked the bank"}')`;
  const story = await paymentStory({ ctx: tenant.ctx, input: { id: payment.id } });
  expect(story).toMatchObject({ id: payment.id, state: "captured", totalMinor: "12500", erp: "due" });
  const steps = story?.timeline.map(({ what }) => what) ?? [];
  expect(steps).toEqual(
    expect.arrayContaining(["payment.started", "attempt", "payment.captured", "erp_post"]),
  );
  const at = story?.timeline.map((step) => step.at) ?? [];
  expect(at).toEqual(at.toSorted());
  const decided = story?.timeline.find(({ what }) => what === "payment.decided");
  expect(decided).toMatchObject({ by: "Kim", evidence: [{ label: "reason", value: "asked the bank" }] });
  expect(JSON.stringify(story)).not.toContain("tok_");
  expect(await paymentStory({ ctx: world.tenant().ctx, input: { id: payment.id } })).toBeNull();
  expect(await paymentStory({ ctx: tenant.ctx, input: { id: randomUUID() } })).toBeNull();
});

test("the overview counts what was captured today, what was declined, and what waits", async () => {
  const tenant = world.tenant();
  await paid(tenant, await tenant.invoice(5_000n), 5_000n);
  const seen = await overview({ ctx: tenant.ctx });
  expect(seen.currencies).toMatchObject([
    { currency: "USD", capturedMinor: "5000", captured: 1, declined: 0 },
  ]);
  expect(seen.currencies[0]?.series).toHaveLength(30);
  expect(seen.currencies[0]?.series.at(-1)).toMatchObject({ capturedMinor: "5000", captured: 1 });
  expect(seen).toMatchObject({ successRate: 1, waiting: { conflicts: 0, deadLetters: 0, open: 0 } });
});
