/** A tenant whose one customer can pay for ever: 20 invoices no run can use up, a provider that says yes. */
import { addEmbedKey, type OpenTenant } from "@clarity/server";
import { createTenant, type Operator } from "@clarity/server/operate";
import postgres from "postgres";
import type { Stage } from "../stage.ts";

export const customerId = "bench-customer";

export interface PayingTenant {
  open: OpenTenant;
  /** The administrator in the tenant's database. */
  adminUrl: string;
  embedKey: { id: string; secret: string };
}

export async function payingTenant({ ctx, slug }: { ctx: Operator; slug: string }): Promise<PayingTenant> {
  const { tenant } = await createTenant({
    ctx,
    input: { slug, name: "Bench", template: "basic-invoice", adminEmail: "a@bench.test" },
  });
  const open = await ctx.tenants.open(tenant.id);
  const baseUrl = "http://127.0.0.1:9";
  const frameUrl = `${baseUrl}/card`;
  await open.settings.set("provider", { id: "sandbox", baseUrl, frameUrl, publishableKey: "pk" });
  await open.settings.set("provider.secretKey", "sk");
  await open.settings.set("provider.webhookSecret", `whsec_${"A".repeat(32)}`);
  await open.settings.set("surcharge.rules", []);
  const { id, secret } = await addEmbedKey({ ctx: open, input: { algorithm: "HS256" } });
  const adminUrl = new URL(ctx.address.adminUrl);
  adminUrl.pathname = `/${open.record.database.name}`;
  await addInvoices({ adminUrl: adminUrl.href, tenantId: tenant.id });
  return { open, adminUrl: adminUrl.href, embedKey: { id, secret: secret ?? "" } };
}

/** @param assetsDir the widget's build */
export function stageOf(input: { operator: Operator; assetsDir: string; tenant: PayingTenant }): Stage {
  const { registryUrl, masterKeyFile } = input.operator.address;
  const { open, adminUrl: tenantAdminUrl } = input.tenant;
  const { assetsDir } = input;
  return { registryUrl, masterKeyFile, assetsDir, tenantId: open.tenant.id, tenantAdminUrl, customerId };
}

async function addInvoices({ adminUrl, tenantId }: { adminUrl: string; tenantId: string }): Promise<void> {
  const sql = postgres(adminUrl, { max: 1, onnotice: () => {} });
  await sql`
    insert into pay.customers (tenant_id, id, name, synced_at)
    values (${tenantId}, ${customerId}, 'Bench Customer', now() + interval '1 day')`;
  await sql`
    insert into pay.invoices (tenant_id, id, customer_id, number, currency, total_minor, open_minor, issued_on, due_on, synced_at)
    select ${tenantId}::uuid, 'inv-' || n, ${customerId}, 'INV-' || n, 'USD', 1e15, 1e15, current_date - 30, current_date + n, now()
    from generate_series(1, 20) n`;
  await sql.end();
}
