import type { Context } from "../context/context.ts";
import { backlog } from "../telemetry/metrics.ts";
import type { Chore } from "./chores.ts";

/** An attempt younger than this is still being talked about by its own request, s. */
const youngForS = 60;

/** Keep the gauges of what waits, each by itself: one that cannot be counted in time keeps its last value. */
export const backlogChores: readonly Chore[] = [
  { name: "count open work", everyMs: 60_000, run: measureOpen },
  { name: "count what waits for a person", everyMs: 300_000, run: measureStuck },
  { name: "count faults of the ERP's records", everyMs: 300_000, run: measureFaults },
];

export function forgetBacklog(tenantId: string): void {
  for (const gauge of Object.values(backlog)) gauge.forget(tenantId);
}

async function measureOpen(ctx: Context): Promise<void> {
  const [row] = await ctx.db.query<{ tenant_id: string; due: number; unknown: number }>`
    select ${ctx.tenant.id}::uuid as tenant_id, count(*) filter (where kind = 'delivery')::int as due,
      count(*) filter (where kind = 'outcome'
        and created_at < now() - make_interval(secs => ${youngForS}))::int as unknown
    from pay.open_work where kind in ('delivery', 'outcome')`;
  backlog.due.set(ctx.tenant, row?.due ?? 0);
  backlog.unknown.set(ctx.tenant, row?.unknown ?? 0);
}

async function measureStuck(ctx: Context): Promise<void> {
  const [row] = await ctx.db.query<{ tenant_id: string; dead: number; conflicted: number }>`
    select ${ctx.tenant.id}::uuid as tenant_id, count(*) filter (where kind = 'dead_letter')::int as dead,
      count(*) filter (where kind = 'conflict')::int as conflicted
    from pay.open_work where kind in ('dead_letter', 'conflict')`;
  backlog.dead.set(ctx.tenant, row?.dead ?? 0);
  backlog.conflicted.set(ctx.tenant, row?.conflicted ?? 0);
}

async function measureFaults(ctx: Context): Promise<void> {
  const [row] = await ctx.db.query<{ tenant_id: string; faults: number }>`
    select ${ctx.tenant.id}::uuid as tenant_id, count(*)::int as faults from pay.record_faults`;
  backlog.faults.set(ctx.tenant, row?.faults ?? 0);
}
