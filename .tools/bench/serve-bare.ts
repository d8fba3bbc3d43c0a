/**
 * The yardstick: Hono, one signature verification, zod and postgres.js; the same SQL as single
 * statements, none of the layers (no proof, no tenant resolution, no forwarding, no row-level security,
 * no result monitor, no hooks). Prints its port.
 */
import { generateKeyPairSync } from "node:crypto";
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { jwtVerify, SignJWT } from "jose";
import { InvoiceList, Payment, PaymentRequest } from "../../server/contract/index.ts";
import type { Context } from "../../server/src/context/context.ts";
import { connect } from "../../server/src/database/connect.ts";
import { readMirror } from "../../server/src/invoices/read-mirror.ts";
import { fingerprintOf } from "../../server/src/payments/fingerprint.ts";
import { viewOf } from "../../server/src/payments/payment-view.ts";
import { claimPayment } from "../../server/src/payments/statements/claim-payment.ts";
import { loadOrder } from "../../server/src/payments/statements/load-order.ts";
import { recordOutcome } from "../../server/src/payments/statements/record-outcome.ts";
import type { SqlValue } from "../../server/src/tenant/tenant-db.ts";
import { FakeProvider, readStage } from "./stage.ts";

const stage = readStage();
const sql = connect({ url: stage.tenantAdminUrl, max: 5 });
const provider = new FakeProvider();
const { publicKey, privateKey } = generateKeyPairSync("ed25519");
const token = await new SignJWT({ sub: stage.customerId })
  .setProtectedHeader({ alg: "EdDSA" })
  .setExpirationTime("1h")
  .sign(privateKey);

const parameter = (value: SqlValue) =>
  typeof value === "object" && value !== null && "json" in value
    ? sql.typed({ toJSON: () => value.json } as never, 3802)
    : ((value ?? null) as string);
/** Only what the statements themselves ask of a context. */
const ctx = {
  tenant: { id: stage.tenantId, slug: "bench", name: "Bench" },
  db: {
    query: (strings: TemplateStringsArray, ...values: SqlValue[]) => sql(strings, ...values.map(parameter)),
  },
  settings: { get: async (key: string) => (key === "seller.timeZone" ? "UTC" : null) },
  wake: async () => {},
  actor: { kind: "operator", name: "bench" },
  requestId: "bench",
  now: () => new Date(),
} as unknown as Context;

const app = new Hono<{ Variables: { customerId: string } }>();
app.use(async (c, next) => {
  const { payload } = await jwtVerify(c.req.header("authorization")?.slice(7) ?? "", publicKey, {
    algorithms: ["EdDSA"],
  });
  c.set("customerId", payload.sub ?? "");
  await next();
});
app.get("/v1/invoices", async (c) => {
  const mirror = await readMirror({ ctx, input: { customerId: c.var.customerId, allowedInvoices: null } });
  return c.json(InvoiceList.parse(mirror?.list));
});
app.post("/v1/payments", async (c) => {
  const request = PaymentRequest.parse(await c.req.json());
  const customerId = c.var.customerId;
  const signal = AbortSignal.timeout(10_000);
  const order = await loadOrder({
    ctx,
    input: { request, customerId, allowedInvoices: null, partial: true },
  });
  if (order.kind !== "order") return c.json(order, 422);
  const { currency, method } = request;
  const attempt = await claimPayment({
    ctx,
    input: {
      paymentId: request.id,
      customerId,
      fingerprint: fingerprintOf(customerId, request),
      currency,
      lines: order.lines,
      amountMinor: order.amountMinor,
      surchargeMinor: 0n,
      card: { brand: "visa", last4: "4242" },
      locale: "en",
      provider: provider.id,
      providerAccount: provider.accountId,
      token: method.token,
      statement: "INVOICE",
      subjects: [],
      returnOrigin: null,
    },
  });
  if (!attempt) return c.json({}, 409);
  const money = { amountMinor: order.amountMinor, currency };
  await provider.authorize({
    reference: attempt.id,
    token: method.token,
    money,
    statement: "INVOICE",
    returnOrigin: null,
    signal,
  });
  const outcome = await provider.capture({ reference: attempt.id, money, signal });
  const row = await recordOutcome({ ctx, input: { attempt, outcome } });
  return c.json(Payment.parse(await viewOf(ctx, row)), 201);
});
serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, ({ port }) =>
  console.log(JSON.stringify({ port, token })),
);
process.on("disconnect", () => process.exit(0));
