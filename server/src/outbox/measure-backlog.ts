import type { Context } from "../context/context.ts";
import { backlog } from "../telemetry/metrics.ts";

/** Asked no more often, ms: `brief` from indexes, `full` by reading whole tables. */
const everyMs = { brief: 60_000, full: 300_000 };
/** An attempt younger than this is still being talked about by its own request, s. */
const youngForS = 60;

export interface BacklogMeter {
  /** Asks the tenant's database when its turn has come, and sets the gauges. */
  measure(ctx: Context): Promise<void>;
  forget(tenantId: string): void;
}

/** Keeps the gauges of what waits, for each tenant of one worker. */
export function createBacklogMeter(now: () => number = Date.now): BacklogMeter {
  const turns = new Map<string, { brief: number; full: number }>();
  return {
    async measure(ctx) {
      const turn = turns.get(ctx.tenant.id) ?? { brief: 0, full: 0 };
      const next = { ...turn };
      if (turn.brief <= now()) {
        await measureOpen(ctx);
        next.brief = now() + everyMs.brief;
      }
      if (turn.full <= now()) {
        await measureStuck(ctx);
        next.full = now() + everyMs.full;
      }
      turns.set(ctx.tenant.id, next);
    },
    forget(tenantId) {
      turns.delete(tenantId);
      for (const gauge of Object.values(backlog)) gauge.forget(tenantId);
    },
  };
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
