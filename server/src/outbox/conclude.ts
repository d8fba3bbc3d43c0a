import { auditName } from "../actor/actor.ts";
import type { Context } from "../context/context.ts";
import { json } from "../tenant/tenant-db.ts";
import type { OutboxRow } from "./outbox-row.ts";

// Each writes only while the lease is still ours: `tries` counts leases, but from nought again after a replay.
// The lease's end goes in as text, for as a date the driver would cut it to milliseconds.

/** Delivered. `receipt.<status>` in the audit log, in the same statement. */
export async function markDone({
  ctx,
  input: { row, result },
}: {
  ctx: Context;
  input: { row: OutboxRow; result: Record<string, unknown> };
}): Promise<void> {
  await ctx.db.query`
    with finished as (
      update pay.outbox set state = 'done', done_at = now(), last_cause = null, result = ${json(result)}::jsonb
      where tenant_id = ${row.tenant_id}::uuid and id = ${row.id}::uuid and state = 'due'
        and tries = ${row.tries} and leased_until = ${row.lease}::text::timestamptz
      returning tenant_id, payment_id
    )
    insert into pay.audit_log (tenant_id, actor, action, subject, detail)
    select tenant_id, ${auditName(ctx.actor)}, ${`receipt.${result.status}`}, payment_id::text, ${json(result)}::jsonb
    from finished
    returning tenant_id`;
}

/** A person must look: `listDeadLetters` shows it, `replayDeadLetter` brings it back. */
export async function markDead({
  ctx,
  input: { row, cause },
}: {
  ctx: Context;
  input: { row: OutboxRow; cause: string };
}): Promise<void> {
  const buried = await ctx.db.query`
    with buried as (
      update pay.outbox set state = 'dead', last_cause = ${cause}
      where tenant_id = ${row.tenant_id}::uuid and id = ${row.id}::uuid and state = 'due'
        and tries = ${row.tries} and leased_until = ${row.lease}::text::timestamptz
      returning tenant_id, id, payment_id
    )
    insert into pay.audit_log (tenant_id, actor, action, subject, detail)
    select tenant_id, ${auditName(ctx.actor)}, 'outbox.dead', payment_id::text,
      ${json({ outbox: row.id, kind: row.kind, tries: row.tries, cause })}::jsonb
    from buried
    returning tenant_id`;
  if (buried.length > 0) {
    // The cause is the ERP's or the mail server's words, which may name a person: `listDeadLetters` has it.
    ctx.log.error({ outboxId: row.id, kind: row.kind, paymentId: row.payment_id }, "a dead letter");
  }
}

/** Gives the lease back; due again after `inMs`, by the database's clock. */
export async function retryLater({
  ctx,
  input: { row, cause, inMs },
}: {
  ctx: Context;
  input: { row: OutboxRow; cause: string; inMs: number };
}): Promise<void> {
  await ctx.db.query`
    update pay.outbox set
      last_cause = ${cause}, leased_until = now(), due_at = now() + make_interval(secs => ${inMs / 1_000})
    where tenant_id = ${row.tenant_id}::uuid and id = ${row.id}::uuid and state = 'due'
      and tries = ${row.tries} and leased_until = ${row.lease}::text::timestamptz
    returning tenant_id`;
}
