import type { Context } from "../context/context.ts";
import { type OutboxRow, leaseS as usualLeaseS } from "./outbox-row.ts";

/**
 * Makes us the one who works on a row; `null` when it is not due, another has it, or there is none.
 * @param input.leaseS default as in production
 */
export async function leaseRow({
  ctx,
  input,
}: {
  ctx: Context;
  input: { id: string; leaseS?: number };
}): Promise<OutboxRow | null> {
  const { id, leaseS = usualLeaseS } = input;
  const [row] = await ctx.db.query<OutboxRow>`
    update pay.outbox
    set leased_until = now() + make_interval(secs => ${leaseS}), tries = tries + 1
    where tenant_id = ${ctx.tenant.id}::uuid and id = ${id}::uuid
      and state = 'due' and due_at <= now() and leased_until <= now()
    returning tenant_id, id, kind, payment_id, tries, leased_until::text as lease`;
  return row ?? null;
}

/**
 * A lease that is still ours lasts from now again.
 * @returns its end, as `OutboxRow.lease`; null: it is no longer ours
 */
export async function renewLease({
  ctx,
  input: { row, leaseS },
}: {
  ctx: Context;
  input: { row: OutboxRow; leaseS: number };
}): Promise<string | null> {
  const [renewed] = await ctx.db.query<{ tenant_id: string; lease: string }>`
    update pay.outbox set leased_until = now() + make_interval(secs => ${leaseS})
    where tenant_id = ${row.tenant_id}::uuid and id = ${row.id}::uuid and state = 'due'
      and tries = ${row.tries} and leased_until = ${row.lease}::text::timestamptz
    returning tenant_id, leased_until::text as lease`;
  return renewed?.lease ?? null;
}

/** Ours again not before this pause, ms: the queue's clock may run ahead of the tenant's database. */
const shortestPauseMs = 500;

/** When a row that could not be leased may be tried next; `null` when it is finished, or there is none. */
export async function nextTurn({
  ctx,
  input,
}: {
  ctx: Context;
  input: { id: string };
}): Promise<Date | null> {
  const [row] = await ctx.db.query<{ tenant_id: string; in_ms: number }>`
    select tenant_id, extract(epoch from greatest(due_at, leased_until) - now())::float8 * 1000 as in_ms
    from pay.outbox
    where tenant_id = ${ctx.tenant.id}::uuid and id = ${input.id}::uuid and state = 'due'`;
  return row ? new Date(Date.now() + Math.max(row.in_ms, shortestPauseMs)) : null;
}
