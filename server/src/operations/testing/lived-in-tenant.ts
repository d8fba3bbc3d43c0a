import { randomUUID } from "node:crypto";
import { addEmbedKey } from "../../sessions/embed-keys.ts";
import type { OpenTenant } from "../../tenant/tenants.ts";

export async function withSecrets(tenant: OpenTenant): Promise<void> {
  await tenant.settings.set("seller.name", "canary-of-a-name");
  await tenant.settings.set("provider.secretKey", "canary-of-a-secret");
  await tenant.settings.set("smtp.password", "canary-of-a-secret");
  const secret = "canary-of-a-secret-of-an-embed-key";
  await addEmbedKey({ ctx: tenant, input: { id: "erp-1", algorithm: "HS256", secret } });
}

/** One payment under way with its attempt, ledger and a delivery that is due: all in one statement. */
export async function paymentRows({ db, tenant: { id: tenantId } }: OpenTenant): Promise<string> {
  const id = randomUUID();
  await db.query`
    with payment as (
      insert into pay.payments (tenant_id, id, customer_id, fingerprint, state, currency, amount_minor,
        surcharge_minor, total_minor, lines, receipt_number)
      values (${tenantId}, ${id}, '42', '\\x00ff', 'pending', 'USD', 9007199254740993, 0, 9007199254740993,
        '[{"invoiceId": "7"}]', nextval('pay.receipt_numbers'))
    ), attempt as (
      insert into pay.attempts (tenant_id, id, payment_id, provider, token, statement, state, leased_until, next_check_at)
      values (${tenantId}, ${id}, ${id}, 'sandbox', 'canary-of-a-token', 'ACME', 'pending', now(), now())
    ), ledger as (
      insert into pay.ledger_entries (tenant_id, payment_id, account, currency, amount_minor)
      values (${tenantId}, ${id}, 'receivable', 'USD', 5), (${tenantId}, ${id}, 'provider_clearing', 'USD', -5)
    )
    insert into pay.outbox (tenant_id, kind, payment_id) values (${tenantId}, 'erp_post', ${id}) returning tenant_id`;
  return id;
}

/** Everything is settled and delivered. */
export async function finishWork({ db }: OpenTenant): Promise<void> {
  await db.query`update pay.payments set state = 'captured' returning tenant_id`;
  await db.query`update pay.attempts set state = 'captured' returning tenant_id`;
  await db.query`update pay.outbox set state = 'done' returning tenant_id`;
}
