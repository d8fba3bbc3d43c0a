import type { Context } from "../context/context.ts";
import { dayIn } from "../tenant/calendar.ts";
import { type Mirror, type MirrorRow, mirrorOf } from "./invoice-list.ts";

/**
 * The customer's invoices as the mirror has them, oldest due first: those still owed after what was
 * captured here. What may be paid leaves out what payments under way hold; it is never below 0.
 * @returns `null` when this customer was never read.
 */
export async function readMirror({
  ctx,
  input,
}: {
  ctx: Context;
  input: {
    customerId: string;
    /** Invoice ids the session is limited to; null: all of the customer's. */
    allowedInvoices: readonly string[] | null;
  };
}): Promise<Mirror | null> {
  const { customerId, allowedInvoices } = input;
  const today = dayIn(ctx.now(), await ctx.settings.get("seller.timeZone"));
  const rows = await ctx.db.query<MirrorRow>`
    select c.tenant_id, c.id as customer_id, c.name as customer_name, c.synced_at,
      (extract(epoch from now() - c.synced_at) * 1000)::float8 as age_ms,
      i.id, i.number, i.currency, i.total_minor, i.open_minor - i.settled_minor as owed_minor,
      greatest(0, i.open_minor - i.held_minor - i.settled_minor) as payable_minor,
      i.issued_on, i.due_on, greatest(0, ${today}::date - i.due_on) as overdue_days
    from pay.customers c
    left join pay.invoices i on i.tenant_id = c.tenant_id and i.customer_id = c.id
      and i.open_minor > i.settled_minor
      and (${allowedInvoices === null}::boolean or i.id = any(${allowedInvoices ?? []}::text[]))
    where c.tenant_id = ${ctx.tenant.id}::uuid and c.id = ${customerId}
    order by i.due_on, i.id`;
  return mirrorOf(rows);
}
