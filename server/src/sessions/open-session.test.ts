import { createSecretKey, randomBytes, randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type TestServer, type TestTenant, testServer } from "../http/testing/test-server.ts";
import { readPayment } from "../payments/read-payment.ts";
import { resumePayment } from "../payments/resume-payment.ts";
import { startPayment } from "../payments/start-payment.ts";
import { json } from "../tenant/tenant-db.ts";
import { findEmbedKey } from "./embed-keys.ts";
import { createJwks } from "./jwks.ts";
import { openSession } from "./open-session.ts";

let line: TestServer;
beforeAll(async () => {
  line = await testServer({ edgeKey: { alg: "HS256", key: createSecretKey(randomBytes(32)) } });
});
afterAll(() => line.close());

const open = async (tenant: TestTenant) =>
  openSession({
    ctx: tenant.ctx,
    input: {
      embedToken: await tenant.token(),
      locales: ["de"],
      findKey: (id) => findEmbedKey({ ...tenant.open, id }),
      jwks: createJwks(),
    },
  });

/** As an older or newer release may have left it: a value that this one does not take. */
const store = ({ ctx }: TestTenant, key: string, value: unknown) => ctx.db.query`
  insert into pay.settings (tenant_id, key, value) values (${ctx.tenant.id}::uuid, ${key}, ${json(value)})
  on conflict (key, tenant_id) do update set value = excluded.value returning tenant_id`;

const pay = ({ ctx }: TestTenant, invoiceId: string) =>
  startPayment({
    ctx,
    input: {
      request: {
        id: randomUUID(),
        currency: "USD",
        lines: [{ invoiceId, amountMinor: "100" }],
        method: { type: "card", token: "tok_debit" },
        shown: { surchargeMinor: "0", totalMinor: "100" },
      },
      customerId: "C-1",
      allowedInvoices: null,
      returnOrigin: null,
      locale: "en",
    },
  });

test("a theme, a name, an address, a language or a statement that cannot be read keeps nobody from paying", async () => {
  const acme = await line.createTenant("acme");
  await acme.ctx.db.query`
    insert into pay.themes (tenant_id, hash, spec, published_at)
    values (${acme.ctx.tenant.id}::uuid, 'broken', '{"radius":"round"}', now() + interval '1 s') returning tenant_id`;
  await store(acme, "seller.name", "");
  await store(acme, "seller.supportEmail", "ask us");
  await store(acme, "seller.locale", "tlh");
  await store(acme, "seller.statement", "far too long for any card's statement");
  expect(await open(acme)).toMatchObject({
    kind: "opened",
    view: {
      seller: { name: acme.ctx.tenant.name, supportEmail: null },
      locale: "de",
      theme: { hash: expect.stringMatching(/^\w+$/), css: expect.stringContaining("--pay-") },
      invoices: [{ id: "inv-acme-1" }],
    },
  });
  expect(await pay(acme, "inv-acme-1")).toMatchObject({ kind: "payment", payment: { state: "captured" } });
});

test("what decides about money is never done without: unreadable surcharge rules refuse the session", async () => {
  const strict = await line.createTenant("strict");
  await store(strict, "surcharge.rules", [{ basisPoints: "much" }]);
  await expect(open(strict)).rejects.toThrow();
});

test("a payment can be read, and come back to, while its provider cannot be asked", async () => {
  const globex = await line.createTenant("globex");
  await open(globex);
  const started = await pay(globex, "inv-globex-1");
  if (started.kind !== "payment") throw new Error(started.code);
  const { id: paymentId } = started.payment;
  const { db } = globex.ctx;
  await line.platform.rewrite(
    globex.open,
    "update pay.payments set state = 'pending', captured_at = null, receipt_number = null",
  );
  await db.query`
    update pay.attempts set state = 'pending', next_check_at = now(), leased_until = '-infinity' returning tenant_id`;
  await globex.open.settings.unset("provider.secretKey");
  const input = { paymentId, customerId: "C-1", allowedInvoices: null };
  const processing = { kind: "payment", payment: { id: paymentId, state: "processing" } };
  await vi.waitFor(() => expect(globex.ctx.provider()).rejects.toThrow("provider.secretKey"), 5_000);
  expect(await readPayment({ ctx: globex.ctx, input })).toMatchObject(processing);
  await db.query`update pay.attempts set next_check_at = now(), leased_until = '-infinity' returning tenant_id`;
  expect(await resumePayment({ ctx: globex.ctx, input })).toMatchObject(processing);
});
