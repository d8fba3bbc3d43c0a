import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { mayBeShown } from "./challenge-address.ts";
import { readPayment } from "./read-payment.ts";
import { resolveAttempt } from "./resolve-attempt.ts";
import { resumePayment } from "./resume-payment.ts";
import { startPayment } from "./start-payment.ts";
import { paymentRequest } from "./testing/start.ts";
import { createWorld } from "./testing/world.ts";
import { unfinishedPayments } from "./unfinished-payments.ts";

let world: Awaited<ReturnType<typeof createWorld>>;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

const page = "https://erp.test";
const local = "http://erp.localhost:4003";
const customerId = "C-1";

describe("a challenge's address", () => {
  test.each([
    ["https://bank.test/3ds", page],
    ["https://bank.test:8443/3ds?a=b#c", page],
    ["https://bank.test/3ds", local],
    ["http://localhost:4002/3ds", local],
    ["http://sandbox.localhost:4002/3ds", local],
    ["http://127.0.0.1:4002/3ds", local],
    ["http://127.9.9.9/3ds", "http://127.0.0.1:4000"],
    ["http://[::1]:4002/3ds", local],
    ["https://bank.test/3ds", null],
  ])("%s in a page of %s may be shown", (url, framedBy) => {
    expect(mayBeShown(url, framedBy)).toBe(true);
  });

  test.each([
    ["javascript:alert(document.domain)", page],
    ["JaVaScRiPt://bank.test/%0aalert(1)", local],
    [" javascript:alert(1)", page],
    ["java\nscript:alert(1)", page],
    ["data:text/html,<script>alert(1)</script>", page],
    ["blob:https://bank.test/9115d58c", page],
    ["blob:http://localhost/9115d58c", local],
    ["file:///etc/passwd", local],
    ["ftp://bank.test/", page],
    ["ws://localhost/", local],
    ["about:blank", page],
    ["view-source:https://bank.test/", page],
    ["http://bank.test/3ds", page],
    ["http://bank.test/3ds", local],
    ["http://localhost:4002/3ds", page],
    ["http://127.0.0.1:4002/3ds", page],
    ["http://localhost:4002/3ds", null],
    ["http://localhost.bank.test/3ds", local],
    ["http://127.0.0.1.bank.test/3ds", local],
    ["http://10.0.0.1/3ds", local],
    ["http://0.0.0.0/3ds", local],
    ["https://user:word@bank.test/3ds", page],
    ["https://bank.test@evil.test/3ds", page],
    ["//bank.test/3ds", page],
    ["/3ds", page],
    ["bank.test/3ds", page],
    ["https://", page],
    [`https://bank.test/${"x".repeat(9_000)}`, page],
    ["", page],
    [null, page],
  ])("%j in a page of %s may not", (url, framedBy) => {
    expect(mayBeShown(url, framedBy)).toBe(false);
  });
});

/** A payment of 500 that the provider wants confirmed at `url`. */
async function challengedAt(url: string | null, returnOrigin: string | null = page) {
  const tenant = world.tenant();
  tenant.provider.challengeUrl = () => url;
  const invoice = await tenant.invoice(500n);
  const paymentId = randomUUID();
  const request = paymentRequest({ id: paymentId, lines: [[invoice, 500n]], token: "tok_challenge" });
  const session = { customerId, allowedInvoices: null };
  const started = await startPayment({
    ctx: tenant.ctx,
    input: { request, ...session, returnOrigin, locale: "en" },
  });
  const attemptId: string = (await tenant.attempts())[0]?.id;
  const asked = { ctx: tenant.ctx, input: { paymentId, customerId } };
  const views = async () => [
    started.kind === "payment" ? started.payment : started,
    (await unfinishedPayments({ ctx: tenant.ctx, input: session }))[0],
    (await readPayment(asked)) as never,
    (await resumePayment(asked)) as never,
  ];
  return { tenant, invoice, attemptId, views };
}

const unshowable = ["javascript:alert(1)", "data:text/html,hi", "http://bank.test/3ds", "no address", null];

describe("a payment whose challenge cannot be shown", () => {
  test.each(unshowable)("(%j) is under way in every answer, and the address is in none", async (url) => {
    const { tenant, views } = await challengedAt(url);
    for (const view of await views()) expect(JSON.stringify(view)).toContain('"state":"processing"');
    expect(JSON.stringify(await views())).not.toMatch(/requires_action|javascript:|data:|bank\.test/);
    expect(await tenant.payments()).toMatchObject([{ state: "pending", action_url: null }]);
    expect((await tenant.attempts())[0]?.last_cause).toContain("challenge");
  });

  test("is asked about each minute, and ends after half an hour with its hold given back", async () => {
    const { tenant, invoice, attemptId } = await challengedAt("javascript:alert(1)");
    for (let minutes = 0; minutes < 29; minutes++) {
      await tenant.age(60);
      expect((await resolveAttempt({ ctx: tenant.ctx, input: { attemptId } })).kind).toBe("resolved");
      expect(await tenant.payments()).toMatchObject([{ state: "pending" }]);
    }
    await tenant.age(120);
    await resolveAttempt({ ctx: tenant.ctx, input: { attemptId } });
    expect(await tenant.payments()).toMatchObject([{ state: "declined", reason: "abandoned" }]);
    expect(await tenant.balance(invoice)).toEqual([500n, 0n, 0n]);
  });

  test("is captured when the bank said yes by some other way", async () => {
    const { tenant, attemptId } = await challengedAt("data:text/html,hi");
    tenant.provider.completeChallenge(attemptId, true);
    await tenant.age(60);
    await resolveAttempt({ ctx: tenant.ctx, input: { attemptId } });
    expect(await tenant.payments()).toMatchObject([{ state: "captured" }]);
  });

  test("is shown after all once the provider names a page that may be", async () => {
    const { tenant, attemptId, views } = await challengedAt(null);
    tenant.provider.challengeUrl = () => "https://bank.test/3ds";
    await resolveAttempt({ ctx: tenant.ctx, input: { attemptId } });
    expect(JSON.stringify((await views())[2])).toContain('"url":"https://bank.test/3ds"');
  });

  test("is not handed on either when an earlier release has stored its address", async () => {
    const { tenant, attemptId, views } = await challengedAt("https://bank.test/3ds");
    await world.admin`update pay.payments set action_url = 'javascript:alert(1)' where tenant_id = ${tenant.id}`;
    expect(JSON.stringify((await views()).slice(1))).not.toMatch(/requires_action|javascript:/);
    await tenant.age(31 * 60);
    await resolveAttempt({ ctx: tenant.ctx, input: { attemptId } });
    expect(await tenant.payments()).toMatchObject([{ state: "declined", reason: "abandoned" }]);
  });
});

test("plain http on loopback is shown where the form's page is there too, and nowhere else", async () => {
  const url = "http://sandbox.localhost:4002/3ds/1";
  const here = await challengedAt(url, local);
  expect(await here.tenant.payments()).toMatchObject([{ state: "requires_action", action_url: url }]);
  const elsewhere = await challengedAt(url, page);
  expect(await elsewhere.tenant.payments()).toMatchObject([{ state: "pending", action_url: null }]);
});
