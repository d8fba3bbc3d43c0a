import { createSecretKey, randomBytes, randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestServer, type TestTenant, testServer } from "../http/testing/test-server.ts";
import { listInvoices } from "../invoices/list-invoices.ts";
import { startPayment } from "./start-payment.ts";

let server: TestServer;
beforeAll(async () => {
  server = await testServer({ edgeKey: { alg: "HS256", key: createSecretKey(randomBytes(32)) } });
});
afterAll(() => server.close());

/** A tenant whose customer's list was read `ageS` seconds ago. */
async function listedAgo(slug: string, ageS: number): Promise<TestTenant> {
  const tenant = await server.createTenant(slug);
  await listInvoices({ ctx: tenant.ctx, input: { customerId: "C-1", allowedInvoices: null } });
  const past = new Date(Date.now() - ageS * 1_000);
  await tenant.open.db.query`update pay.invoices set synced_at = ${past} returning tenant_id`;
  await tenant.open.db.query`update pay.customers set synced_at = ${past} returning tenant_id`;
  return tenant;
}

const pay = ({ ctx }: Pick<TestTenant, "ctx">, slug: string) =>
  startPayment({
    ctx,
    input: {
      request: {
        id: randomUUID(),
        currency: "USD",
        lines: [{ invoiceId: `inv-${slug}-1`, amountMinor: "12500" }],
        method: { type: "card", token: "tok_debit" },
        shown: { surchargeMinor: "0", totalMinor: "12500" },
      },
      customerId: "C-1",
      allowedInvoices: null,
      returnOrigin: null,
      locale: "en",
    },
  });

/** The invoice is paid by cheque, behind the payer's back. */
function payElsewhere(tenant: TestTenant): void {
  tenant.erp.customers.set("C-1", { name: "C-1", email: null, invoices: [] });
}

test("an invoice paid elsewhere since the list was read is refused, and nothing is charged", async () => {
  const tenant = await listedAgo("judge-stale", 120);
  payElsewhere(tenant);
  expect(await pay(tenant, "judge-stale")).toMatchObject({ kind: "refused", code: "invoice_closed" });
  expect(tenant.provider.charges.size).toBe(0);
});

test("a balance is as old as the database says, whatever this server's clock does", async () => {
  const tenant = await listedAgo("judge-skewed", 240);
  payElsewhere(tenant);
  const ctx = { ...tenant.ctx, now: () => new Date(Date.now() - 300_000) };
  expect(await pay({ ctx }, "judge-skewed")).toMatchObject({ kind: "refused", code: "invoice_closed" });
});

test("a list a few seconds old is not asked for again", async () => {
  const tenant = await listedAgo("judge-fresh", 5);
  payElsewhere(tenant);
  expect(await pay(tenant, "judge-fresh")).toMatchObject({ kind: "payment" });
});

test.each([
  [120, { kind: "payment", payment: { state: "captured" } }],
  [16 * 60, { kind: "refused", code: "erp_unavailable" }],
])("while the ERP is away, balances %i s old are judged by: %j", async (ageS, outcome) => {
  const slug = `judge-away-${ageS}`;
  const tenant = await listedAgo(slug, ageS);
  tenant.erp.connector.openInvoices = async () => {
    throw new DOMException("the ERP is away", "TimeoutError");
  };
  expect(await pay(tenant, slug)).toMatchObject(outcome);
});
