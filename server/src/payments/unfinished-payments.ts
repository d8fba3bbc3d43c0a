import type { Payment } from "../../contract/index.ts";
import type { Context } from "../context/context.ts";
import { viewOf } from "./payment-view.ts";
import type { PaymentRow } from "./statements/payment-row.ts";
import { openPaymentStates } from "./states.ts";

const most = 5;

/**
 * The customer's payments that are still under way, newest first, for the first paint. Who opens a session need not be
 * who began them: it says that they are there, how much and for which invoices. The bank's page, which is one person's,
 * and later the receipt, are answered to those who ask for the payment by its id. A session limited to invoices sees only
 * payments wholly within them.
 */
export async function unfinishedPayments({
  ctx,
  input,
}: {
  ctx: Context;
  input: { customerId: string; allowedInvoices: readonly string[] | null };
}): Promise<Payment[]> {
  const { customerId, allowedInvoices } = input;
  const rows = await ctx.db.query<PaymentRow>`
    select p.* from pay.payments p
    where p.tenant_id = ${ctx.tenant.id}::uuid and p.customer_id = ${customerId}
      and p.state = any(${openPaymentStates}::text[])
      and (${allowedInvoices === null}::boolean or not exists (
        select from jsonb_array_elements(p.lines) line
        where line ->> 'invoiceId' <> all(${allowedInvoices ?? []}::text[])))
    order by p.created_at desc, p.id
    limit ${most}`;
  const views = await Promise.all(rows.map((row) => viewOf(ctx, row)));
  return views.map((view) => ({ ...view, action: null }));
}
