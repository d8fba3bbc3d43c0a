import { auditName } from "../../actor/actor.ts";
import type { Context } from "../../context/context.ts";
import { json } from "../../tenant/tenant-db.ts";

/**
 * The ERP has confirmed the payment: its own balance holds it now, so ours moves from `settled` to
 * `open` in the same statement that finishes the outbox row. The outbox's last act for `erp_post`.
 *
 * Idempotent: the mark `settledAt` in the row's `result` is written once and the balances move with it.
 * @returns `settled` the first time, `already` after; `already` too when there is no such row.
 */
export async function settleInERP({
  ctx,
  input,
}: {
  ctx: Context;
  input: {
    paymentId: string;
    result: { erpRef: string; already: boolean; byHand?: true; reason?: string };
    /** Only one that was given up: a person has booked it. Default: whatever its state. */
    givenUp?: boolean;
  };
}): Promise<{ kind: "settled" | "already" }> {
  const { tenant } = ctx;
  const rows = await ctx.db.query<{ tenant_id: string; id: string }>`
    with job as (
      update pay.outbox
      set state = 'done', done_at = coalesce(done_at, now()),
          result = ${json(input.result)}::jsonb || jsonb_build_object('settledAt', now())
      where tenant_id = ${tenant.id}::uuid and kind = 'erp_post' and payment_id = ${input.paymentId}::uuid
        and not coalesce(result ? 'settledAt', false) and (state = 'dead' or not ${input.givenUp ?? false}::boolean)
      returning tenant_id, payment_id
    ), line as (
      select job.tenant_id, l."invoiceId" as invoice_id, l."amountMinor"::bigint as amount_minor
      from job
      join pay.payments p on p.tenant_id = job.tenant_id and p.id = job.payment_id
      cross join lateral jsonb_to_recordset(p.lines) as l("invoiceId" text, "amountMinor" text)
    ), locked as (
      select i.id, line.amount_minor
      from pay.invoices i join line on line.tenant_id = i.tenant_id and line.invoice_id = i.id
      order by i.id
      for update of i
    ), balances as (
      update pay.invoices i
      set open_minor = i.open_minor - locked.amount_minor,
          settled_minor = i.settled_minor - locked.amount_minor,
          synced_at = clock_timestamp()
      from locked
      where i.tenant_id = ${tenant.id}::uuid and i.id = locked.id
      returning 1
    ), audit as (
      -- Reads what the others wrote, for PostgreSQL promises no order: the log's lock is the last to be taken.
      insert into pay.audit_log (tenant_id, actor, action, subject, detail)
      select job.tenant_id, ${auditName(ctx.actor)}, 'payment.posted', job.payment_id::text, ${json(input.result)}::jsonb
      from job, (select count(*) from balances) balanced
    )
    select tenant_id, payment_id as id from job`;
  return { kind: rows.length > 0 ? "settled" : "already" };
}
