import type { Payment } from "../../contract/index.ts";
import type { Context } from "../context/context.ts";
import { viewOf } from "./payment-view.ts";
import type { PaymentRow } from "./statements/payment-row.ts";
import { openPaymentStates } from "./states.ts";

/**
 * The customer's newest payment that is still under way, for the first paint: it is shown before
 * paying again is offered. A session limited to invoices sees only payments wholly within them.
 */
export async function unfinishedPayment({
  ctx,
  input,
}: {
  ctx: Context;
  input: { customerId: string; allowedInvoices: readonly string[] | null };
}): Promise<Payment | null> {
  const { customerId, allowedInvoices } = input;
  const rows = await ctx.db.query<PaymentRow>`
    select p.* from pay.payments p
    where p.tenant_id = ${ctx.tenant.id}::uuid and p.customer_id = ${customerId}
      and p.state = any(${openPaymentStates}::text[])
      and (${allowedInvoices === null}::boolean or not exists (
        select from jsonb_array_elements(p.lines) line
        where line ->> 'invoiceId' <> all(${allowedInvoices ?? []}::text[])))
    order by p.created_at desc
    limit 1`;
  return rows[0] ? await viewOf(ctx, rows[0]) : null;
}
