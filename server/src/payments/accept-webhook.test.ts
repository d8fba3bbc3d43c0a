import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findDueWork } from "../outbox/find-due-work.ts";
import { tenantMigrations } from "../tenant/schema.ts";
import { acceptWebhook } from "./accept-webhook.ts";
import { listPayments } from "./list-payments.ts";
import { resolveAttempt } from "./resolve-attempt.ts";
import { start } from "./testing/start.ts";
import { createWorld, type TestTenant } from "./testing/world.ts";
import { tracePayment } from "./trace-payment.ts";

let world: Awaited<ReturnType<typeof createWorld>>;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

async function challenged() {
  const tenant = world.tenant();
  const invoice = await tenant.invoice(500n);
  await start(tenant.ctx, { lines: [[invoice, 500n]], token: "tok_challenge" });
  const attemptId = (await tenant.attempts())[0]?.id as string;
  return { tenant, invoice, attemptId };
}

interface Sent {
  reference: string;
  eventId?: string;
  at?: Date;
  secret?: string;
}

function send(tenant: TestTenant, { reference, eventId, at, secret }: Sent, ctx = tenant.ctx) {
  const message = {
    reference,
    eventId: eventId ?? randomUUID(),
    at: at ?? new Date(),
    ...(secret && { secret }),
  };
  return acceptWebhook({ ctx, input: { provider: "fake", ...tenant.provider.webhook(message) } });
}

const events = (tenant: TestTenant) =>
  world.admin`select * from pay.webhook_events where tenant_id = ${tenant.id}`;

test("news of an authorisation leads to the capture, without the payer", async () => {
  const { tenant, attemptId } = await challenged();
  tenant.provider.completeChallenge(attemptId, true);
  expect(await send(tenant, { reference: attemptId })).toEqual({ kind: "accepted" });
  expect(await tenant.payments()).toMatchObject([{ state: "captured" }]);
});

test("one event a hundred times in parallel: stored once, captured once", async () => {
  const { tenant, attemptId } = await challenged();
  tenant.provider.completeChallenge(attemptId, true);
  const sent = { reference: attemptId, eventId: randomUUID() };
  const answers = await Promise.all(Array.from({ length: 100 }, () => send(tenant, sent)));
  expect(answers.every(({ kind }) => kind === "accepted")).toBe(true);
  expect(await events(tenant)).toHaveLength(1);
  expect(tenant.provider.charges.get(attemptId)).toMatchObject({ captures: 1 });
  expect(await tenant.outbox()).toHaveLength(2);
});

test("an event seen before asks nobody again", async () => {
  const { tenant, attemptId } = await challenged();
  let asked = 0;
  tenant.provider.beforeAnswer = async (operation) => {
    if (operation === "find") asked++;
  };
  const sent = { reference: attemptId, eventId: randomUUID() };
  for (let time = 0; time < 3; time++) await send(tenant, sent);
  expect(asked).toBe(1);
});

test("news that arrives before the provider's answer: one capture, and the news is heard again later", async () => {
  const tenant = world.tenant();
  tenant.provider.beforeAnswer = async (operation, reference) => {
    if (operation === "authorize" || operation === "capture") await send(tenant, { reference });
  };
  const result = await start(tenant.ctx, { lines: [[await tenant.invoice(500n), 500n]] });
  expect(result).toMatchObject({ payment: { state: "captured" } });
  expect([...tenant.provider.charges.values()]).toMatchObject([{ captures: 1 }]);
  expect(tenant.wakes.filter((job) => job.kind === "resolve_attempt")).toHaveLength(2);
});

test("news that arrives while the provider's answer gets lost: the provider is asked again at once", async () => {
  const tenant = world.tenant();
  tenant.provider.failNext("authorize", "answer_lost");
  await start(tenant.ctx, { lines: [[await tenant.invoice(500n), 500n]] });
  const attemptId = (await tenant.attempts())[0]?.id as string;
  tenant.provider.failNext("find", "answer_lost");
  tenant.provider.beforeAnswer = async (operation, reference) => {
    if (operation === "find") await send(tenant, { reference });
  };
  await resolveAttempt({ ctx: tenant.ctx, input: { attemptId } });
  const [attempt] = await tenant.attempts();
  expect(attempt).toMatchObject({ checks: 2, state: "pending" });
  expect(attempt?.next_check_at.getTime()).toBeLessThanOrEqual(Date.now());
  expect(tenant.wakes.at(-1)?.runAt?.getTime()).toBeLessThan(Date.now() + 1_000);
});

test("news that says nothing true changes nothing: the provider itself is asked", async () => {
  const { tenant, attemptId } = await challenged();
  await send(tenant, { reference: attemptId });
  expect(await tenant.payments()).toMatchObject([{ state: "requires_action" }]);
});

test("forged, older or newer than five minutes: refused and not stored", async () => {
  const { tenant, attemptId } = await challenged();
  tenant.provider.completeChallenge(attemptId, true);
  const minutes = (n: number) => new Date(Date.now() + n * 60_000);
  const bad: Sent[] = [
    { reference: attemptId, secret: `whsec_${Buffer.from("guessed").toString("base64")}` },
    { reference: attemptId, at: minutes(-6) },
    { reference: attemptId, at: minutes(6) },
  ];
  for (const sent of bad)
    expect(await send(tenant, sent)).toEqual({ kind: "refused", code: "proof_invalid" });
  expect(await events(tenant)).toEqual([]);
  expect(await tenant.payments()).toMatchObject([{ state: "requires_action" }]);
});

test("genuine news that cannot be stored as it is, is refused and not stored", async () => {
  const tenant = world.tenant();
  const bad: Sent[] = [
    { reference: "\u0000" },
    { reference: "\ud800" },
    { reference: "x".repeat(256) },
    { reference: "x", eventId: "e".repeat(8_000) },
  ];
  for (const sent of bad)
    expect(await send(tenant, sent)).toEqual({ kind: "refused", code: "proof_invalid" });
  expect(await events(tenant)).toEqual([]);
});

test("another tenant's genuine webhook is refused here", async () => {
  const { tenant, attemptId } = await challenged();
  const other = world.tenant();
  const message = tenant.provider.webhook({ reference: attemptId, eventId: "e", at: new Date() });
  expect(await acceptWebhook({ ctx: other.ctx, input: { provider: "fake", ...message } })).toMatchObject({
    code: "proof_invalid",
  });
});

test("a provider the tenant does not use is not found", async () => {
  const tenant = world.tenant();
  const message = tenant.provider.webhook({ reference: "x", eventId: "e", at: new Date() });
  expect(await acceptWebhook({ ctx: tenant.ctx, input: { provider: "other", ...message } })).toEqual({
    kind: "refused",
    code: "not_found",
  });
});

test("a reference of nobody's is accepted and harmless", async () => {
  const tenant = world.tenant();
  for (const reference of [randomUUID(), "not-a-uuid", "'; drop schema pay"]) {
    expect(await send(tenant, { reference })).toEqual({ kind: "accepted" });
  }
});

async function declined() {
  const tenant = world.tenant();
  await start(tenant.ctx, { lines: [[await tenant.invoice(500n), 500n]], token: "tok_declined" });
  const [charge] = tenant.provider.charges.values();
  if (!charge) throw new Error("no charge");
  const takeMoney = () => Object.assign(charge, { status: "captured", captured: charge.authorized });
  return { tenant, attemptId: charge.reference, takeMoney };
}

/** What the sweep alone does once leases and pauses are over: every wake-up is lost. */
async function sweep(tenant: TestTenant): Promise<number> {
  await tenant.age(4_000);
  const { jobs } = await findDueWork({ ctx: tenant.ctx });
  for (const job of jobs)
    if (job.kind === "resolve_attempt")
      await resolveAttempt({ ctx: tenant.ctx, input: { attemptId: job.id } });
  return jobs.length;
}

test("money that arrives after the payment ended declined is found and put before a person", async () => {
  const { tenant, attemptId, takeMoney } = await declined();
  takeMoney();
  await send(tenant, { reference: attemptId });
  expect(await tenant.payments()).toMatchObject([{ state: "conflicted" }]);
});

test("the provider silent when late money's news is worked on: it is asked until it answers", async () => {
  const { tenant, attemptId, takeMoney } = await declined();
  takeMoney();
  for (let time = 0; time < 3; time++) tenant.provider.failNext("find", "unreached");
  await send(tenant, { reference: attemptId });
  expect(tenant.wakes.at(-1)).toMatchObject({ kind: "resolve_attempt", id: attemptId });
  for (let round = 0; round < 2; round++) expect(await sweep(tenant)).toBe(1);
  expect(await tenant.payments()).toMatchObject([{ state: "declined" }]);
  expect((await findDueWork({ ctx: tenant.ctx })).open).toBe(true);
  await sweep(tenant);
  expect(await tenant.payments()).toMatchObject([{ state: "conflicted" }]);
  expect(await findDueWork({ ctx: tenant.ctx })).toMatchObject({ jobs: [] });
});

test.each([
  ["its event was stored", 1],
  ["it took the lease", 2],
])("killed after %s: late money is found by the sweep", async (_, statements) => {
  const { tenant, attemptId, takeMoney } = await declined();
  takeMoney();
  let left = statements;
  const query: typeof tenant.ctx.db.query = async (...args) => {
    if (left-- <= 0) throw new Error("killed");
    return tenant.ctx.db.query(...args) as never;
  };
  await send(tenant, { reference: attemptId }, { ...tenant.ctx, db: { ...tenant.ctx.db, query } });
  await sweep(tenant);
  expect(await tenant.payments()).toMatchObject([{ state: "conflicted" }]);
});

test("late money's news comes while we are still told declined, its wake-up is lost: the sweep asks again", async () => {
  const tenant = world.tenant();
  tenant.provider.beforeAnswer = async (operation, reference) => {
    if (operation === "authorize") await send(tenant, { reference });
  };
  await start(tenant.ctx, { lines: [[await tenant.invoice(500n), 500n]], token: "tok_declined" });
  expect(await tenant.payments()).toMatchObject([{ state: "declined" }]);
  const [charge] = tenant.provider.charges.values();
  Object.assign(charge ?? {}, { status: "captured", captured: charge?.authorized });
  expect(await sweep(tenant)).toBe(1);
  expect(await tenant.payments()).toMatchObject([{ state: "conflicted" }]);
});

test("an attempt that has ended is asked about once when there is news of it, and never without", async () => {
  const { tenant, attemptId } = await declined();
  expect(await sweep(tenant)).toBe(0);
  await send(tenant, { reference: attemptId });
  expect(await sweep(tenant)).toBe(0);
  expect(await findDueWork({ ctx: tenant.ctx })).toEqual({ jobs: [], open: false });
  const [payment] = await tenant.payments();
  expect(payment).toMatchObject({ state: "declined" });
  const { ctx } = tenant;
  expect(await tracePayment({ ctx, input: { id: payment?.id } })).toMatchObject({
    attempts: [{ next_check_at: null }],
  });
  expect(await listPayments({ ctx, input: { state: "declined" } })).toMatchObject([{ nextCheckAt: null }]);
});

test("late news waits behind payments whose payers wait", async () => {
  const { tenant, attemptId } = await declined();
  tenant.provider.failNext("find", "unreached");
  await send(tenant, { reference: attemptId });
  tenant.provider.failNext("authorize", "answer_lost");
  await start(tenant.ctx, { lines: [[await tenant.invoice(500n), 500n]] });
  await tenant.age(60);
  const { jobs } = await findDueWork({ ctx: tenant.ctx });
  expect(jobs.map(({ id }) => id)).toEqual([(await tenant.attempts())[1]?.id, attemptId]);
});

test("the provider down while the news is worked on: accepted, and due for the sweep", async () => {
  const { tenant, attemptId } = await challenged();
  tenant.provider.completeChallenge(attemptId, true);
  tenant.provider.failNext("find", "throws");
  expect(await send(tenant, { reference: attemptId })).toEqual({ kind: "accepted" });
  expect(tenant.wakes.at(-1)).toMatchObject({ kind: "resolve_attempt", id: attemptId });
});

test("of the attempts older code ended, those are due whose late news the provider gave no answer about", async () => {
  const { tenant } = await declined();
  const upgrade = tenantMigrations().find(({ name }) => name === "0009_news_after_the_end.sql");
  const causes = ["ended; the provider says unknown", "ended; the provider says declined", null];
  const due: (string | null)[] = [];
  for (const cause of causes) {
    await world.admin.begin(async (sql) => {
      await sql.unsafe(upgrade?.down ?? "");
      await sql`
        update pay.attempts set last_cause = ${cause}, next_check_at = now() where tenant_id = ${tenant.id}`;
      await sql.unsafe(upgrade?.text ?? "");
    });
    if ((await findDueWork({ ctx: tenant.ctx })).jobs.length > 0) due.push(cause);
  }
  expect(due).toEqual(["ended; the provider says unknown"]);
});
