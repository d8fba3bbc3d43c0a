import type { Overview } from "../../../contract/index.ts";
import type { Context } from "../../context/context.ts";
import { timeZoneOf } from "../../context/seller.ts";
import { dayIn } from "../../tenant/calendar.ts";

/** Days that are looked back on, today included. */
const days = 30;

interface Owned {
  tenant_id: string;
}

/** How the last thirty days went, and what waits. By the seller's calendar. @throws TenantUnavailable */
export async function overview({ ctx }: { ctx: Context }): Promise<Overview> {
  const timeZone = await timeZoneOf(ctx);
  const [captured, ended, erp, waiting, overdue] = await Promise.all([
    capturedByDay(ctx, timeZone),
    endedUnpaid(ctx, timeZone),
    erpMedian(ctx),
    waitingFor(ctx),
    overdueSums(ctx, timeZone),
  ]);
  const calendar = lastDays(ctx.now(), timeZone);
  const currencies = [...new Set([...captured, ...ended].map(({ currency }) => currency))].sort();
  const paid = captured.reduce((sum, { n }) => sum + n, 0);
  const unpaid = ended.reduce((sum, { n }) => sum + n, 0);
  return {
    days,
    currencies: currencies.map((currency) => {
      const own = captured.filter((row) => row.currency === currency);
      const byDay = new Map(own.map((row) => [row.day, row]));
      return {
        currency,
        capturedMinor: `${own.reduce((sum, { total }) => sum + total, 0n)}`,
        captured: own.reduce((sum, { n }) => sum + n, 0),
        declined: ended.find((row) => row.currency === currency)?.n ?? 0,
        series: calendar.map((day) => {
          const { total = 0n, n = 0 } = byDay.get(day) ?? {};
          return { day, capturedMinor: `${total}`, captured: n };
        }),
      };
    }),
    successRate: paid + unpaid === 0 ? null : paid / (paid + unpaid),
    erpMedianS: erp,
    waiting,
    overdue,
  };
}

function lastDays(now: Date, timeZone: string): string[] {
  // Noon of the calendar's day: whatever the clocks do, a day before is the day before.
  const today = Date.parse(`${dayIn(now, timeZone)}T12:00:00Z`);
  return Array.from({ length: days }, (_, back) =>
    new Date(today - (days - 1 - back) * 86_400_000).toISOString().slice(0, 10),
  );
}

const capturedByDay = (ctx: Context, timeZone: string) =>
  ctx.db.query<Owned & { currency: string; day: string; total: bigint; n: number }>`
    select tenant_id, currency, (captured_at at time zone ${timeZone})::date as day,
      sum(total_minor)::bigint as total, count(*)::int as n
    from pay.payments
    where tenant_id = ${ctx.tenant.id}::uuid and state = 'captured'
      and captured_at >= ((now() at time zone ${timeZone})::date - ${days - 1}::int)::timestamp at time zone ${timeZone}
    group by tenant_id, currency, day`;

const endedUnpaid = (ctx: Context, timeZone: string) =>
  ctx.db.query<Owned & { currency: string; n: number }>`
    select tenant_id, currency, count(*)::int as n
    from pay.payments
    where tenant_id = ${ctx.tenant.id}::uuid and state = any('{declined,failed}'::text[])
      and created_at >= ((now() at time zone ${timeZone})::date - ${days - 1}::int)::timestamp at time zone ${timeZone}
    group by tenant_id, currency`;

async function erpMedian(ctx: Context): Promise<number | null> {
  const [row] = await ctx.db.query<Owned & { median: number | null }>`
    select tenant_id, percentile_cont(0.5) within group (order by extract(epoch from done_at - created_at)::float8) as median
    from pay.outbox
    where tenant_id = ${ctx.tenant.id}::uuid and state = 'done' and kind = 'erp_post'
      and done_at >= now() - make_interval(days => ${days})
    group by tenant_id`;
  return row?.median ?? null;
}

async function waitingFor(ctx: Context): Promise<Overview["waiting"]> {
  const rows = await ctx.db.query<Owned & { kind: string; n: number }>`
    select tenant_id, kind, count(*)::int as n from pay.open_work
    where tenant_id = ${ctx.tenant.id}::uuid and kind in ('conflict', 'dead_letter', 'payment')
    group by tenant_id, kind`;
  const of = (kind: string) => rows.find((row) => row.kind === kind)?.n ?? 0;
  return { conflicts: of("conflict"), deadLetters: of("dead_letter"), open: of("payment") };
}

async function overdueSums(ctx: Context, timeZone: string): Promise<Overview["overdue"]> {
  const rows = await ctx.db.query<Owned & { currency: string; open: bigint; n: number }>`
    select tenant_id, currency, sum(open_minor - settled_minor)::bigint as open, count(*)::int as n
    from pay.invoices
    where tenant_id = ${ctx.tenant.id}::uuid and due_on < (now() at time zone ${timeZone})::date
      and open_minor > settled_minor
    group by tenant_id, currency order by currency`;
  return rows.map(({ currency, open, n }) => ({ currency, openMinor: `${open}`, invoices: n }));
}
