import type { Context, Job } from "../context/context.ts";

/** Of each kind; more in one go would only wait in the queue, and the next sweep sees the rest. */
const mostJobs = 200;

/**
 * What is due now though perhaps nobody was woken for it, the longest due first, and whether anything is open at all.
 * The wake-up may have died with its process, or the lease's holder. Each kind has its own share, so that an ERP's
 * backlog does not hide an attempt of unknown outcome. Each is read from its partial index and no further than its
 * share: however much waits, the answer comes in time.
 *
 * These are the kinds `delivery`, `outcome` and `late_news` of `pay.open_work`, and a test holds them to it. Through the
 * view PostgreSQL finds no index's order: it would read and sort all that waits.
 */
export async function findDueWork({ ctx }: { ctx: Context }): Promise<{ jobs: Job[]; open: boolean }> {
  const rows = await ctx.db.query<{ tenant_id: string; kind: Job["kind"] | "open"; id: string }>`
    (select tenant_id, 'resolve_attempt' as kind, id from pay.attempts
      where tenant_id = ${ctx.tenant.id}::uuid and state in ('pending', 'requires_action', 'authorized')
        and next_check_at <= now() and leased_until <= now()
      order by next_check_at limit ${mostJobs})
    union all
    (select tenant_id, 'outbox', id from pay.outbox
      where tenant_id = ${ctx.tenant.id}::uuid and state = 'due' and due_at <= now() and leased_until <= now()
      order by due_at limit ${mostJobs})
    union all
    -- News of an attempt that has ended: no payer waits for it.
    (select tenant_id, 'resolve_attempt', id from pay.attempts
      where tenant_id = ${ctx.tenant.id}::uuid and state in ('declined', 'failed') and next_check_at < 'infinity'
        and next_check_at <= now() and leased_until <= now()
      order by next_check_at limit ${mostJobs})
    union all
    select ${ctx.tenant.id}::uuid, 'open', ${ctx.tenant.id}::uuid
    where coalesce(
      (select true from pay.outbox where state = 'due' order by due_at limit 1),
      (select true from pay.attempts where state in ('pending', 'requires_action', 'authorized')
        order by next_check_at limit 1),
      (select true from pay.attempts where state in ('declined', 'failed') and next_check_at < 'infinity'
        order by next_check_at limit 1))`;
  const jobs = rows.flatMap(({ kind, id }) => (kind === "open" ? [] : [{ kind, id }]));
  return { jobs, open: rows.length > jobs.length };
}
