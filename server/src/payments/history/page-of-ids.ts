import type { Context } from "../../context/context.ts";
import { json } from "../../tenant/tenant-db.ts";
import type { StoredState } from "../states.ts";
import type { Position, Sort } from "./cursor.ts";
import type { Matches } from "./match-payments.ts";

/** Which payments, and from where on. */
export interface PageInput {
  states: readonly StoredState[];
  currency: string | null;
  /** Calendar days in `timeZone`, both included; null: without end. */
  from: string | null;
  to: string | null;
  timeZone: string;
  sort: Sort;
  after: Position;
  limit: number;
}

interface Row {
  tenant_id: string;
  id: string;
  key: bigint;
}

/**
 * The next ids in order. Each state is read for itself, by an index in the list's order, as far as the page reaches: so
 * a rare state among a million costs what all of them do. One statement a direction, for PostgreSQL plans an order once.
 */
export function pageOfIds(ctx: Context, input: PageInput): Promise<Row[]> {
  switch (input.sort) {
    case "newest":
      return newest(ctx, input);
    case "oldest":
      return oldest(ctx, input);
    case "largest":
      return largest(ctx, input);
    case "smallest":
      return smallest(ctx, input);
  }
}

const newest = ({ db, tenant }: Context, { states, currency, from, to, timeZone, after, limit }: PageInput) =>
  db.query<Row>`
    select p.tenant_id, p.id, (extract(epoch from p.created_at) * 1000000)::bigint as key
    from unnest(${states}::text[]) as s (state) cross join lateral (
      select * from pay.payments p
      where p.tenant_id = ${tenant.id}::uuid and p.state = s.state
        and (p.created_at, p.id) < ('epoch'::timestamptz + ${after.key}::bigint * interval '1 microsecond', ${after.id}::uuid)
        and p.created_at >= coalesce(${from}::date::timestamp at time zone ${timeZone}, '-infinity')
        and p.created_at < coalesce((${to}::date + 1)::timestamp at time zone ${timeZone}, 'infinity')
        and p.currency = coalesce(${currency}, p.currency)
      order by p.created_at desc, p.id desc limit ${limit}
    ) p order by p.created_at desc, p.id desc limit ${limit}`;

const oldest = ({ db, tenant }: Context, { states, currency, from, to, timeZone, after, limit }: PageInput) =>
  db.query<Row>`
    select p.tenant_id, p.id, (extract(epoch from p.created_at) * 1000000)::bigint as key
    from unnest(${states}::text[]) as s (state) cross join lateral (
      select * from pay.payments p
      where p.tenant_id = ${tenant.id}::uuid and p.state = s.state
        and (p.created_at, p.id) > ('epoch'::timestamptz + ${after.key}::bigint * interval '1 microsecond', ${after.id}::uuid)
        and p.created_at >= coalesce(${from}::date::timestamp at time zone ${timeZone}, '-infinity')
        and p.created_at < coalesce((${to}::date + 1)::timestamp at time zone ${timeZone}, 'infinity')
        and p.currency = coalesce(${currency}, p.currency)
      order by p.created_at, p.id limit ${limit}
    ) p order by p.created_at, p.id limit ${limit}`;

const largest = (
  { db, tenant }: Context,
  { states, currency, from, to, timeZone, after, limit }: PageInput,
) =>
  db.query<Row>`
    select p.tenant_id, p.id, p.total_minor as key
    from unnest(${states}::text[]) as s (state) cross join lateral (
      select * from pay.payments p
      where p.tenant_id = ${tenant.id}::uuid and p.state = s.state
        and (p.total_minor, p.id) < (${after.key}::bigint, ${after.id}::uuid)
        and p.created_at >= coalesce(${from}::date::timestamp at time zone ${timeZone}, '-infinity')
        and p.created_at < coalesce((${to}::date + 1)::timestamp at time zone ${timeZone}, 'infinity')
        and p.currency = coalesce(${currency}, p.currency)
      order by p.total_minor desc, p.id desc limit ${limit}
    ) p order by p.total_minor desc, p.id desc limit ${limit}`;

const smallest = (
  { db, tenant }: Context,
  { states, currency, from, to, timeZone, after, limit }: PageInput,
) =>
  db.query<Row>`
    select p.tenant_id, p.id, p.total_minor as key
    from unnest(${states}::text[]) as s (state) cross join lateral (
      select * from pay.payments p
      where p.tenant_id = ${tenant.id}::uuid and p.state = s.state
        and (p.total_minor, p.id) > (${after.key}::bigint, ${after.id}::uuid)
        and p.created_at >= coalesce(${from}::date::timestamp at time zone ${timeZone}, '-infinity')
        and p.created_at < coalesce((${to}::date + 1)::timestamp at time zone ${timeZone}, 'infinity')
        and p.currency = coalesce(${currency}, p.currency)
      order by p.total_minor, p.id limit ${limit}
    ) p order by p.total_minor, p.id limit ${limit}`;

/** The same among what was found: some customers' payments, which are few enough to be sorted. */
export const pageOfMatches = (
  { db, tenant }: Context,
  input: PageInput & { matches: Matches },
): Promise<Row[]> => {
  const { states, currency, from, to, timeZone, sort, after, limit, matches } = input;
  const { paymentIds, customerIds, invoice } = matches;
  const byTime = sort === "newest" || sort === "oldest";
  const sign = sort === "newest" || sort === "largest" ? -1 : 1;
  return db.query<Row>`
    with found as (
      select id from pay.payments where id = any(${paymentIds}::uuid[])
      union select id from pay.payments where customer_id = any(${customerIds}::text[])
      union select id from pay.payments where customer_id = any(${invoice.customerIds}::text[])
        and lines @> ${json([{ invoiceNumber: invoice.number }])}
    ), keyed as (
      select p.tenant_id, p.id, p.created_at, p.state, p.currency,
        case when ${byTime} then (extract(epoch from p.created_at) * 1000000)::bigint else p.total_minor end as key
      from found join pay.payments p on p.id = found.id and p.tenant_id = ${tenant.id}::uuid
    )
    select tenant_id, id, key from keyed
    where state = any(${states}::text[]) and currency = coalesce(${currency}, currency)
      and created_at >= coalesce(${from}::date::timestamp at time zone ${timeZone}, '-infinity')
      and created_at < coalesce((${to}::date + 1)::timestamp at time zone ${timeZone}, 'infinity')
      and case when ${sign}::int < 0 then (key, id) < (${after.key}::bigint, ${after.id}::uuid)
        else (key, id) > (${after.key}::bigint, ${after.id}::uuid) end
    order by case when ${sign}::int < 0 then key end desc, case when ${sign}::int < 0 then id end desc, key, id
    limit ${limit}`;
};
