import type { PortalInvoice } from "../../../contract/index.ts";
import type { Context } from "../../context/context.ts";
import { timeZoneOf } from "../../context/seller.ts";
import { dayIn } from "../../tenant/calendar.ts";
import { json } from "../../tenant/tenant-db.ts";
import { readRows } from "../history/read-rows.ts";
import { listedOf } from "../history/views.ts";
import { type InvoiceRow, listedInvoice } from "./views.ts";

/** An invoice with its payments; null: there is none. @throws TenantUnavailable */
export async function invoicePage(call: {
  ctx: Context;
  input: { id: string };
}): Promise<PortalInvoice | null> {
  const { ctx, input } = call;
  const { db, tenant } = ctx;
  const today = dayIn(ctx.now(), await timeZoneOf(ctx));
  const [row] = await db.query<InvoiceRow>`
    select i.tenant_id, i.id, i.number, i.customer_id, c.name as customer_name, i.currency, i.total_minor, i.held_minor,
      i.open_minor - i.settled_minor as owed_minor, i.issued_on, i.due_on,
      greatest(0, ${today}::date - i.due_on) as overdue_days
    from pay.invoices i left join pay.customers c on c.tenant_id = i.tenant_id and c.id = i.customer_id
    where i.tenant_id = ${tenant.id}::uuid and i.id = ${input.id}`;
  if (!row) return null;
  const paid = await db.query<{ tenant_id: string; id: string }>`
    select tenant_id, id from pay.payments
    where tenant_id = ${tenant.id}::uuid and customer_id = ${row.customer_id}
      and lines @> ${json([{ invoiceId: row.id }])}
    order by created_at desc, id limit 100`;
  const rows = await readRows(
    ctx,
    paid.map(({ id }) => id),
  );
  rows.sort((a, b) => b.created_at.getTime() - a.created_at.getTime());
  return { ...listedInvoice(row), heldMinor: `${row.held_minor}`, payments: rows.map(listedOf) };
}
