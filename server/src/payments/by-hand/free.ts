import { auditName } from "../../actor/actor.ts";
import type { Context } from "../../context/context.ts";
import { paymentOutcomes, tenantLabel } from "../../telemetry/metrics.ts";
import { json } from "../../tenant/tenant-db.ts";
import { decidedUnpaid } from "../states.ts";
import type { PaymentInHand } from "./find-payment.ts";
import type { Lease } from "./lease-conflict.ts";

/**
 * One statement: a payment in conflict becomes `failed` by a person's word, and what its lines hold is given back.
 * Nothing is booked, so nothing is to be taken back.
 *
 * @returns false when another moved it meanwhile
 */
export async function free({
  ctx,
  input: { payment, lease, reason, givenBack },
}: {
  ctx: Context;
  input: { payment: PaymentInHand; lease: Lease; reason: string; givenBack: boolean };
}): Promise<boolean> {
  const detail = { decision: "unpaid", reason, attempt: lease.attemptId, givenBackElsewhere: givenBack };
  const rows = await ctx.db.query`
    with line as (
      select l."invoiceId" as invoice_id, l."amountMinor"::bigint as held_minor
      from jsonb_to_recordset(${json(payment.lines)}::jsonb) as l("invoiceId" text, "amountMinor" text)
      where ${payment.conflict?.held ?? false}::boolean
    ), locked as (
      select i.id from pay.invoices i join line on line.invoice_id = i.id
      where i.tenant_id = ${ctx.tenant.id}::uuid
      order by i.id
      for update of i
    ), moved as (
      update pay.payments p set state = 'failed', reason = ${decidedUnpaid}, captured_at = null, updated_at = now()
      from (select count(*) from locked) gate, pay.attempts a
      where p.tenant_id = ${ctx.tenant.id}::uuid and p.id = ${payment.id}::uuid and p.state = 'conflicted'
        and a.tenant_id = p.tenant_id and a.id = ${lease.attemptId}::uuid
        and a.leased_until = ${lease.until}::text::timestamptz
      returning p.tenant_id, p.id
    ), tried as (
      update pay.attempts a set state = 'failed', decision = null, giving_back_minor = null, token = null, leased_until = now(),
        next_check_at = 'infinity', last_cause = null
      from moved
      where a.tenant_id = moved.tenant_id and a.id = ${lease.attemptId}::uuid
      returning 1
    ), balances as (
      update pay.invoices i set held_minor = i.held_minor - line.held_minor
      from moved, line
      where i.tenant_id = moved.tenant_id and i.id = line.invoice_id
      returning 1
    ), audit as (
      -- Reads what the others wrote, for PostgreSQL promises no order: the log's lock is the last to be taken.
      insert into pay.audit_log (tenant_id, actor, action, subject, detail)
      select tenant_id, ${auditName(ctx.actor)}, 'payment.decided', id::text, ${json(detail)}::jsonb from moved, (select count(*) from tried) attempted, (select count(*) from balances) balanced
    )
    select tenant_id from moved`;
  if (rows.length > 0) paymentOutcomes.inc({ state: "failed", tenant: tenantLabel(ctx.tenant.slug) });
  return rows.length > 0;
}
