import type { Context, Job } from "../context/context.ts";

/** More in one go would only wait in the queue; the next sweep sees the rest. */
const mostJobs = 200;

/**
 * What is due now though perhaps nobody was woken for it, and whether anything is open at all. The
 * wake-up may have died with its process, or the lease's holder. News of an attempt that has ended comes
 * last: no payer waits for it.
 */
export async function findDueWork({ ctx }: { ctx: Context }): Promise<{ jobs: Job[]; open: boolean }> {
  const rows = await ctx.db.query<{ tenant_id: string; kind: Job["kind"]; id: string; due: boolean }>`
    select tenant_id, case kind when 'delivery' then 'outbox' else 'resolve_attempt' end as kind, id,
      due_at <= now() and leased_until <= now() as due
    from pay.open_work
    where tenant_id = ${ctx.tenant.id}::uuid and kind in ('delivery', 'outcome', 'late_news')
    order by due desc, open_work.kind = 'late_news' limit ${mostJobs}`;
  const jobs = rows.filter(({ due }) => due).map(({ kind, id }) => ({ kind, id }));
  return { jobs, open: rows.length > 0 };
}
