import { type InvoiceQuery, type PortalInvoices, type Refused, refused } from "../../../contract/index.ts";
import type { Context } from "../../context/context.ts";
import { timeZoneOf } from "../../context/seller.ts";
import { dayIn } from "../../tenant/calendar.ts";
import { matchPayments } from "../history/match-payments.ts";
import { type Position, readCursor, writeCursor } from "./cursor.ts";
import { type InvoiceRow, listedInvoice } from "./views.ts";

/**
 * The tenant's invoices by number, a page at a time: a page begins where the last one ended, in the index of numbers.
 *
 * @returns refused `validation_failed`: a cursor that is none
 * @throws TenantUnavailable
 */
export async function listInvoiceBook(call: {
  ctx: Context;
  input: InvoiceQuery;
}): Promise<{ kind: "page"; page: PortalInvoices } | Refused> {
  const { ctx, input } = call;
  const { q, state, currency, sort, limit } = input;
  const after = input.cursor === undefined ? null : readCursor(input.cursor);
  if (input.cursor !== undefined && !after) {
    return refused("validation_failed", { errors: [{ pointer: "/cursor", message: "is none" }] });
  }
  const today = dayIn(ctx.now(), await timeZoneOf(ctx));
  // One more than is shown says whether there is another page.
  const asked: Asked = { state: state ?? null, currency: currency ?? null, after, today, limit: limit + 1 };
  const rows = q
    ? await found(ctx, { ...asked, q, sort })
    : await (sort === "first" ? first : last)(ctx, asked);
  const shown = rows.slice(0, limit);
  const end = shown.at(-1);
  const next = rows.length > limit && end ? writeCursor({ key: end.number, id: end.id }) : null;
  const enteredHere = !(await ctx.settings.get("connector"));
  return { kind: "page", page: { invoices: shown.map(listedInvoice), next, enteredHere } };
}

interface Asked {
  state: string | null;
  currency: string | null;
  after: Position | null;
  /** The seller's. */
  today: string;
  limit: number;
}

const first = ({ db, tenant }: Context, { state, currency, after, today, limit }: Asked) =>
  db.query<InvoiceRow>`
    select i.tenant_id, i.id, i.number, i.customer_id, c.name as customer_name, i.currency, i.total_minor, i.held_minor,
      i.open_minor - i.settled_minor as owed_minor, i.issued_on, i.due_on,
      greatest(0, ${today}::date - i.due_on) as overdue_days
    from pay.invoices i left join pay.customers c on c.tenant_id = i.tenant_id and c.id = i.customer_id
    where i.tenant_id = ${tenant.id}::uuid and i.number >= ${after?.key ?? ""}
      and (i.number, i.id) > (${after?.key ?? ""}, ${after?.id ?? ""})
      and i.currency = coalesce(${currency}, i.currency)
      and (${state}::text is null or ${state} = case when i.open_minor <= i.settled_minor then 'paid'
        when i.due_on < ${today}::date then 'overdue' else 'open' end)
    order by i.number, i.id limit ${limit}`;

const last = ({ db, tenant }: Context, { state, currency, after, today, limit }: Asked) =>
  db.query<InvoiceRow>`
    select i.tenant_id, i.id, i.number, i.customer_id, c.name as customer_name, i.currency, i.total_minor, i.held_minor,
      i.open_minor - i.settled_minor as owed_minor, i.issued_on, i.due_on,
      greatest(0, ${today}::date - i.due_on) as overdue_days
    from pay.invoices i left join pay.customers c on c.tenant_id = i.tenant_id and c.id = i.customer_id
    where i.tenant_id = ${tenant.id}::uuid
      and i.number <= coalesce(${after?.key ?? null}, (select max(number) from pay.invoices))
      and (${after === null}::boolean or (i.number, i.id) < (${after?.key ?? ""}, ${after?.id ?? ""}))
      and i.currency = coalesce(${currency}, i.currency)
      and (${state}::text is null or ${state} = case when i.open_minor <= i.settled_minor then 'paid'
        when i.due_on < ${today}::date then 'overdue' else 'open' end)
    order by i.number desc, i.id desc limit ${limit}`;

/** What a search finds are few enough to be sorted. */
async function found(ctx: Context, asked: Asked & { q: string; sort: InvoiceQuery["sort"] }) {
  const { db, tenant } = ctx;
  const { q, sort, state, currency, after, today, limit } = asked;
  const { customerIds, invoice } = await matchPayments({ ctx, input: { q } });
  if (invoice.number === "") return [];
  const up = sort === "first";
  return db.query<InvoiceRow>`
    with found as (
      select id from pay.invoices where number = ${q}
      union select id from pay.invoices where id = ${q}
      union select id from pay.invoices where customer_id = any(${customerIds}::text[])
    )
    select i.tenant_id, i.id, i.number, i.customer_id, c.name as customer_name, i.currency, i.total_minor, i.held_minor,
      i.open_minor - i.settled_minor as owed_minor, i.issued_on, i.due_on,
      greatest(0, ${today}::date - i.due_on) as overdue_days
    from found join pay.invoices i on i.id = found.id
    left join pay.customers c on c.tenant_id = i.tenant_id and c.id = i.customer_id
    where i.tenant_id = ${tenant.id}::uuid and i.currency = coalesce(${currency}, i.currency)
      and (${after === null}::boolean or case when ${up}::boolean
        then (i.number, i.id) > (${after?.key ?? ""}, ${after?.id ?? ""})
        else (i.number, i.id) < (${after?.key ?? ""}, ${after?.id ?? ""}) end)
      and (${state}::text is null or ${state} = case when i.open_minor <= i.settled_minor then 'paid'
        when i.due_on < ${today}::date then 'overdue' else 'open' end)
    order by case when ${up}::boolean then i.number end, case when ${up}::boolean then i.id end,
      i.number desc, i.id desc limit ${limit}`;
}
