import { auditName } from "../../actor/actor.ts";
import type { Context } from "../../context/context.ts";
import { wake } from "../../context/wake.ts";
import { toDecimal } from "../../money/money.ts";
import { paymentOutcomes, tenantLabel } from "../../telemetry/metrics.ts";
import { json } from "../../tenant/tenant-db.ts";
import type { PaymentInHand } from "./find-payment.ts";
import type { Lease } from "./lease-conflict.ts";
import { type NotDone, notDone } from "./not-done.ts";
import type { Share } from "./share-out.ts";

export interface Booking {
  payment: PaymentInHand;
  lease: Lease;
  reason: string;
  /** The ERP has it already, under this reference. */
  erpRef: string | null;
  /** What the provider holds: the sum of the share. */
  takenMinor: bigint;
  capturedAt: Date;
  share: Share;
}

/**
 * What of a booking its invoices have no balance for, in words; `null`: all is covered. A line's own hold is its cover.
 * What the ERP has booked already is not judged: its balance is the lower for it.
 */
export async function uncovered({
  ctx,
  input: { payment, erpRef, share },
}: {
  ctx: Context;
  input: Pick<Booking, "payment" | "erpRef" | "share">;
}): Promise<NotDone | null> {
  if (erpRef !== null) return null;
  const ids = share.lines.map((line) => line.invoiceId);
  const rows = await ctx.db.query<{ tenant_id: string; id: string; free_minor: bigint }>`
    select tenant_id, id, open_minor - settled_minor - held_minor as free_minor from pay.invoices
    where tenant_id = ${ctx.tenant.id}::uuid and id = any(${ids}::text[])`;
  const free = new Map(rows.map((row) => [row.id, row.free_minor]));
  const { currency, conflict } = payment;
  for (const { invoiceId, invoiceNumber, amountMinor } of share.lines) {
    const own = payment.lines.find((line) => line.invoiceId === invoiceId)?.amountMinor ?? 0;
    const left = (free.get(invoiceId) ?? 0n) + (conflict?.held ? BigInt(own) : 0n);
    if (left >= BigInt(amountMinor)) continue;
    const [has, wanted] = [left, BigInt(amountMinor)].map(
      (minor) => `${toDecimal(minor, currency)} ${currency}`,
    );
    return notDone(
      "not_covered",
      `invoice ${invoiceNumber} has ${has} left, and ${wanted} of this would go to it: if it is in the ERP already, ` +
        "name its reference there; else decide it as unpaid, and it is given back",
    );
  }
  return null;
}

/**
 * One statement: a payment in conflict becomes `captured` by a person's word, with its ledger, receipt and deliveries.
 * Its holds end; what is booked waits in `settled` for the ERP's posting, like any capture, unless the ERP has it.
 *
 * @returns `null` when it was booked
 */
export async function book({ ctx, input }: { ctx: Context; input: Booking }): Promise<NotDone | null> {
  const { payment, lease, reason, erpRef, share, takenMinor } = input;
  const tenantId = ctx.tenant.id;
  const hasErp = (await ctx.settings.get("connector")) !== null;
  const settles = hasErp && erpRef === null;
  const detail = {
    decision: "paid",
    reason,
    attempt: lease.attemptId,
    takenMinor: `${takenMinor}`,
    erpRef,
    agreed: { totalMinor: `${payment.total_minor}`, lines: payment.lines },
  };
  const posted = erpRef === null ? null : { erpRef, already: true, byHand: true };
  const rows = await ctx.db.query<{ tenant_id: string; outbox_ids: string[] | null }>`
    with line as (
      select l."invoiceId" as invoice_id, case when ${payment.conflict?.held ?? false}::boolean
          then l."amountMinor"::bigint else 0 end as held_minor, coalesce(b."amountMinor"::bigint, 0) as amount_minor
      from jsonb_to_recordset(${json(payment.lines)}::jsonb) as l("invoiceId" text, "amountMinor" text)
      left join jsonb_to_recordset(${json(share.lines)}::jsonb) as b("invoiceId" text, "amountMinor" text)
        on b."invoiceId" = l."invoiceId"
    ), locked as (
      select i.id, ${erpRef !== null}::boolean
        or i.open_minor - i.settled_minor - i.held_minor + line.held_minor >= line.amount_minor as covered
      from pay.invoices i join line on line.invoice_id = i.id
      where i.tenant_id = ${tenantId}::uuid
      order by i.id
      for update of i
    ), moved as (
      update pay.payments p set state = 'captured', amount_minor = ${share.amountMinor}::bigint,
        surcharge_minor = ${share.surchargeMinor}::bigint, total_minor = ${takenMinor}::bigint,
        lines = ${json(share.lines)}::jsonb, captured_at = ${input.capturedAt}::timestamptz, reason = null,
        receipt_number = 'R-' || nextval('pay.receipt_numbers'), updated_at = now()
      from (select count(*) filter (where covered) as n from locked) judged, pay.attempts a
      where judged.n = ${payment.lines.length} and p.tenant_id = ${tenantId}::uuid and p.id = ${payment.id}::uuid
        and p.state = 'conflicted' and a.tenant_id = p.tenant_id and a.id = ${lease.attemptId}::uuid
        and a.leased_until = ${lease.until}::text::timestamptz
      returning p.*
    ), tried as (
      update pay.attempts a set state = 'captured', decision = 'paid', token = null, leased_until = now(),
        next_check_at = 'infinity', last_cause = null
      from moved
      where a.tenant_id = moved.tenant_id and a.id = ${lease.attemptId}::uuid
      returning 1
    ), balances as (
      update pay.invoices i set held_minor = i.held_minor - line.held_minor,
        settled_minor = i.settled_minor + case when ${settles}::boolean then line.amount_minor else 0 end,
        open_minor = i.open_minor - case when ${hasErp}::boolean then 0 else line.amount_minor end
      from moved, line
      where i.tenant_id = moved.tenant_id and i.id = line.invoice_id
      returning 1
    ), ledger as (
      insert into pay.ledger_entries (tenant_id, payment_id, account, invoice_id, currency, amount_minor)
      select tenant_id, id, 'provider_clearing', null, currency, total_minor from moved
      union all
      select moved.tenant_id, moved.id, 'receivable', line.invoice_id, currency, -line.amount_minor
      from moved, line where line.amount_minor > 0
      union all
      select tenant_id, id, 'surcharge_income', null, currency, -surcharge_minor from moved where surcharge_minor > 0
      returning 1
    ), job as (
      insert into pay.outbox (tenant_id, kind, payment_id, state, result, done_at)
      select tenant_id, kind, moved.id, case when known.result is null then 'due' else 'done' end,
        known.result || jsonb_build_object('settledAt', now()), case when known.result is null then null else now() end
      from moved, unnest(${hasErp ? ["erp_post", "receipt_email"] : ["receipt_email"]}::text[]) as kind
      left join lateral (select case when kind = 'erp_post' then ${posted && json(posted)}::jsonb end as result) known on true
      on conflict (tenant_id, kind, payment_id) do nothing
      returning id, state
    ), audit as (
      -- Reads what the others wrote, for PostgreSQL promises no order: the log's lock is the last to be taken.
      insert into pay.audit_log (tenant_id, actor, action, subject, detail)
      select tenant_id, ${auditName(ctx.actor)}, 'payment.decided', id::text, ${json(detail)}::jsonb from moved, (select count(*) from tried) attempted, (select count(*) from balances) balanced,
        (select count(*) from ledger) booked, (select count(*) from job) queued
    )
    select tenant_id, (select jsonb_agg(id) from job where state = 'due') as outbox_ids from moved`;
  const [row] = rows;
  if (!row) return (await uncovered({ ctx, input })) ?? notDone("busy", "it moved meanwhile: look again");
  paymentOutcomes.inc({ state: "captured", tenant: tenantLabel(ctx.tenant.slug) });
  void wake(
    ctx,
    (row.outbox_ids ?? []).map((id) => ({ kind: "outbox" as const, id })),
  );
  return null;
}
