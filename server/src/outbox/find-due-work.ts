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
    select tenant_id, 'outbox' as kind, id, due_at <= now() and leased_until <= now() as due, false as ended
    from pay.outbox where tenant_id = ${ctx.tenant.id}::uuid and state = 'due'
    union all
    select tenant_id, 'resolve_attempt', id, next_check_at <= now() and leased_until <= now(), false
    from pay.attempts
    where tenant_id = ${ctx.tenant.id}::uuid and state in ('pending', 'requires_action', 'authorized')
    union all
    select tenant_id, 'resolve_attempt', id, next_check_at <= now() and leased_until <= now(), true
    from pay.attempts
    where tenant_id = ${ctx.tenant.id}::uuid and state in ('declined', 'failed') and next_check_at < 'infinity'
    order by due desc, ended limit ${mostJobs}`;
  const jobs = rows.filter(({ due }) => due).map(({ kind, id }) => ({ kind, id }));
  return { jobs, open: rows.length > 0 };
}
