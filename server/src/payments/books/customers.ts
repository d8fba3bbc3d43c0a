import {
  type CustomerQuery,
  type ListedPortalCustomer,
  longest,
  type PortalCustomer,
  type PortalCustomers,
  plainLine,
  type Refused,
  refused,
} from "../../../contract/index.ts";
import type { Context } from "../../context/context.ts";
import { timeZoneOf } from "../../context/seller.ts";
import { dayIn } from "../../tenant/calendar.ts";
import { matchPayments } from "../history/match-payments.ts";
import { type Position, readCursor, writeCursor } from "./cursor.ts";
import { type InvoiceRow, listedInvoice } from "./views.ts";

interface Known {
  tenant_id: string;
  id: string;
  name: string;
}

/**
 * The tenant's customers by name, a page at a time, in the index of names.
 *
 * @returns refused `validation_failed`: a cursor that is none
 * @throws TenantUnavailable
 */
export async function listCustomers(call: {
  ctx: Context;
  input: CustomerQuery;
}): Promise<{ kind: "page"; page: PortalCustomers } | Refused> {
  const { ctx, input } = call;
  const { q, sort, limit } = input;
  const after = input.cursor === undefined ? null : readCursor(input.cursor);
  if (input.cursor !== undefined && !after) {
    return refused("validation_failed", { errors: [{ pointer: "/cursor", message: "is none" }] });
  }
  const asked = { after, limit: limit + 1 };
  const rows = q ? await found(ctx, q) : await (sort === "first" ? first : last)(ctx, asked);
  const shown = rows.slice(0, limit);
  const end = shown.at(-1);
  const customers = await withSums(
    ctx,
    shown.map(({ id }) => id),
  );
  // A search finds 50 at most, and is one page.
  const next = !q && rows.length > limit && end ? writeCursor({ key: end.name, id: end.id }) : null;
  return { kind: "page", page: { customers, next } };
}

type Asked = { after: Position | null; limit: number };

const first = ({ db, tenant }: Context, { after, limit }: Asked) =>
  db.query<Known>`
    select tenant_id, id, name from pay.customers
    where tenant_id = ${tenant.id}::uuid and name collate "C" >= ${after?.key ?? ""}
      and (${after === null}::boolean or (name collate "C", id) > (${after?.key ?? ""}, ${after?.id ?? ""}))
    order by name collate "C", id limit ${limit}`;

const last = ({ db, tenant }: Context, { after, limit }: Asked) =>
  db.query<Known>`
    select tenant_id, id, name from pay.customers
    where tenant_id = ${tenant.id}::uuid and name collate "C" <= ${after?.key ?? "\u{10ffff}"}
      and (${after === null}::boolean or (name collate "C", id) < (${after?.key ?? ""}, ${after?.id ?? ""}))
    order by name collate "C" desc, id desc limit ${limit}`;

async function found(ctx: Context, q: string): Promise<Known[]> {
  const { customerIds } = await matchPayments({ ctx, input: { q } });
  return ctx.db.query<Known>`
    select tenant_id, id, name from pay.customers
    where tenant_id = ${ctx.tenant.id}::uuid and id = any(${customerIds}::text[]) order by name collate "C", id limit 50`;
}

interface SumRow extends Known {
  email: string | null;
  currency: string | null;
  owed: bigint | null;
  n: number;
  overdue: number;
}

/** In the order of the ids. */
async function withSums(ctx: Context, ids: readonly string[]): Promise<ListedPortalCustomer[]> {
  const today = dayIn(ctx.now(), await timeZoneOf(ctx));
  const rows = await ctx.db.query<SumRow>`
    select c.tenant_id, c.id, c.name, c.email, i.currency, sum(i.open_minor - i.settled_minor)::bigint as owed,
      count(i.id)::int as n, (count(*) filter (where i.due_on < ${today}::date))::int as overdue
    from pay.customers c left join pay.invoices i
      on i.tenant_id = c.tenant_id and i.customer_id = c.id and i.open_minor > i.settled_minor
    where c.tenant_id = ${ctx.tenant.id}::uuid and c.id = any(${ids}::text[])
    group by c.tenant_id, c.id, c.name, c.email, i.currency order by i.currency`;
  return ids.flatMap((id) => {
    const own = rows.filter((row) => row.id === id);
    const [one] = own;
    if (!one) return [];
    return [
      {
        ...{ id, name: plainLine(one.name, longest.name), email: one.email },
        openInvoices: own.reduce((sum, { n }) => sum + n, 0),
        overdueInvoices: own.reduce((sum, { overdue }) => sum + overdue, 0),
        owed: own.flatMap(({ currency, owed }) =>
          currency === null ? [] : [{ currency, owedMinor: `${owed ?? 0n}` }],
        ),
      },
    ];
  });
}

/** A customer with its invoices; null: there is none. @throws TenantUnavailable */
export async function customerPage(call: {
  ctx: Context;
  input: { id: string };
}): Promise<PortalCustomer | null> {
  const { ctx, input } = call;
  const [customer] = await withSums(ctx, [input.id]);
  if (!customer) return null;
  const today = dayIn(ctx.now(), await timeZoneOf(ctx));
  const invoices = await ctx.db.query<InvoiceRow>`
    select tenant_id, id, number, customer_id, ${customer.name}::text as customer_name, currency, total_minor, held_minor,
      open_minor - settled_minor as owed_minor, issued_on, due_on, greatest(0, ${today}::date - due_on) as overdue_days
    from pay.invoices where tenant_id = ${ctx.tenant.id}::uuid and customer_id = ${input.id}
    order by open_minor > settled_minor desc, due_on desc, id limit 100`;
  return { ...customer, invoices: invoices.map(listedInvoice) };
}
