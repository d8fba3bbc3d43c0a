import { auditName } from "../../actor/actor.ts";
import type { Context } from "../../context/context.ts";
import { wake } from "../../context/wake.ts";
import { paymentOutcomes, tenantLabel } from "../../telemetry/metrics.ts";
import { json } from "../../tenant/tenant-db.ts";
import type { Attempt } from "../attempt.ts";
import { mayBeShown } from "../challenge-address.ts";
import { noteDecline } from "../limits/declines.ts";
import {
  type AttemptOutcome,
  closedUnpaidStates,
  entering,
  nextCheckInS,
  openPaymentStates,
  type StoredState,
  targetOf,
} from "../states.ts";
import { findPaymentRow, type PaymentRow } from "./payment-row.ts";

type Moved = PaymentRow & { outbox_ids: string[] | null };

/**
 * The one place where an outcome becomes state. Idempotent and monotonic: `entering` says which
 * states an outcome may move, anything else is old news and writes nothing, so it may be called by
 * the request, a webhook, the payer's return and the worker at once, in any order, any number of times.
 *
 * An unknown outcome moves nothing: the attempt is due again after a pause.
 * @returns the payment as it stands after.
 */
export async function recordOutcome({
  ctx,
  input: { attempt, outcome: told },
}: {
  ctx: Context;
  input: { attempt: Attempt; outcome: AttemptOutcome };
}): Promise<PaymentRow> {
  const outcome = showable(attempt, told);
  const input = { attempt, outcome };
  const { payment } = attempt;
  const target = targetOf(outcome, { amountMinor: payment.total_minor, currency: payment.currency });
  const moved = target ? await move(ctx, input, target) : null;
  if (moved) {
    paymentOutcomes.inc({ state: moved.state, tenant: tenantLabel(ctx.tenant.slug) });
    const outbox = (moved.outbox_ids ?? []).map((id) => ({ kind: "outbox" as const, id }));
    const open = openPaymentStates.includes(moved.state);
    // Not awaited: a queue that is slow or down must not keep the payer waiting.
    void wake(ctx, open ? [checkJob(ctx, attempt, nextCheckInS(moved.state, 0))] : outbox);
    const declined =
      moved.state === "declined" && outcome.kind === "declined" && outcome.reason !== "abandoned";
    if (declined) {
      await noteDecline({ ctx, input: { attemptId: attempt.id, paymentId: payment.id } }).catch((err) =>
        ctx.log.error({ err, paymentId: payment.id }, "a decline was not counted"),
      );
    }
    if (moved.state === "conflicted") {
      ctx.log.error(
        { paymentId: payment.id, attemptId: attempt.id },
        "a payment is in conflict: a person must look",
      );
    }
    return moved;
  }
  if (outcome.kind === "unknown" && attempt.checks === 0) {
    paymentOutcomes.inc({ state: "pending", tenant: tenantLabel(ctx.tenant.slug) });
  }
  const inS = await checkLater(ctx, input);
  if (inS !== null) void wake(ctx, [checkJob(ctx, attempt, inS)]);
  return (await findPaymentRow(ctx, payment.id)) ?? payment;
}

/** A challenge that must not be handed on leaves the payment under way: asked about, and in the end abandoned. */
const showable = (attempt: Attempt, outcome: AttemptOutcome): AttemptOutcome =>
  outcome.kind !== "requires_action" || mayBeShown(outcome.url, attempt.returnOrigin)
    ? outcome
    : { kind: "unshowable", cause: "a challenge whose address may not be shown" };

const checkJob = (ctx: Context, attempt: Attempt, inS: number) => ({
  kind: "resolve_attempt" as const,
  id: attempt.id,
  runAt: new Date(ctx.now().getTime() + inS * 1_000),
});

/**
 * **Transaction 2**, one statement. Locks the invoices in order of id, then the payment. All that
 * follows hangs on the payment having moved; of any number of parallel callers one moves it.
 */
async function move(
  ctx: Context,
  { attempt, outcome }: { attempt: Attempt; outcome: AttemptOutcome },
  target: Exclude<StoredState, "pending">,
): Promise<Moved | null> {
  const tenantId = ctx.tenant.id;
  const hasErp = (await ctx.settings.get("connector")) !== null;
  const frees = target === "captured" || target === "declined" || target === "failed";
  const providerRef = "providerRef" in outcome ? outcome.providerRef : null;
  const rows = await ctx.db.query<Moved>`
    with line as (
      select p.tenant_id, p.id as payment_id, l."invoiceId" as invoice_id,
        l."amountMinor"::bigint as amount_minor
      from pay.payments p
      cross join lateral jsonb_to_recordset(p.lines) as l("invoiceId" text, "amountMinor" text)
      where p.tenant_id = ${tenantId}::uuid and p.id = ${attempt.payment.id}::uuid and ${frees}::boolean
    ), locked as (
      select i.id
      from pay.invoices i join line on line.tenant_id = i.tenant_id and line.invoice_id = i.id
      order by i.id
      for update of i
    ), moved as (
      update pay.payments p set
        state = case when p.state in ('declined', 'failed') then 'conflicted' else ${target} end,
        reason = ${outcome.kind === "declined" ? outcome.reason : null}::text,
        action_url = ${outcome.kind === "requires_action" ? outcome.url : null}::text,
        conflict = case when ${target} = 'conflicted' or p.state in ('declined', 'failed')
          then ${json(heardOf(outcome))}::jsonb || jsonb_build_object('held', p.state not in ('declined', 'failed')) end,
        provider_ref = coalesce(${providerRef}::text, p.provider_ref),
        captured_at = ${outcome.kind === "captured" ? outcome.capturedAt : null}::timestamptz,
        receipt_number = case when ${target} = 'captured' and p.state not in ('declined', 'failed')
          then 'R-' || nextval('pay.receipt_numbers') end,
        updated_at = now()
      from (select count(*) from locked) gate
      where p.tenant_id = ${tenantId}::uuid and p.id = ${attempt.payment.id}::uuid
        and p.state = any(${entering[target]}::text[])
      returning p.*
    ), tried as (
      update pay.attempts a set
        state = moved.state, provider_ref = moved.provider_ref, leased_until = now(), last_cause = ${"cause" in outcome ? outcome.cause : null}::text,
        token = case when moved.state = any(${openPaymentStates}::text[]) then a.token end,
        checks = 0, absences = 0, next_check_at = case when moved.state = any(${openPaymentStates}::text[])
          then now() + make_interval(secs => ${nextCheckInS(target, 0)})
          -- News that came in while we asked: what we were told may be older.
          when moved.state = any(${closedUnpaidStates}::text[]) and a.next_check_at <= now() then now()
          else 'infinity' end
      from moved
      where a.tenant_id = moved.tenant_id and a.id = ${attempt.id}::uuid
      returning 1
    ), balances as (
      update pay.invoices i set
        held_minor = i.held_minor - line.amount_minor,
        settled_minor = i.settled_minor
          + case when moved.state = 'captured' and ${hasErp}::boolean then line.amount_minor else 0 end,
        open_minor = i.open_minor
          - case when moved.state = 'captured' and not ${hasErp}::boolean then line.amount_minor else 0 end
      from moved join line on line.tenant_id = moved.tenant_id and line.payment_id = moved.id
      where i.tenant_id = line.tenant_id and i.id = line.invoice_id
        and moved.state in ('captured', 'declined', 'failed')
      returning 1
    ), captured as (
      select * from moved where state = 'captured'
    ), ledger as (
      insert into pay.ledger_entries (tenant_id, payment_id, account, invoice_id, currency, amount_minor)
      select tenant_id, id, 'provider_clearing', null, currency, total_minor from captured
      union all
      select captured.tenant_id, captured.id, 'receivable', line.invoice_id, currency, -line.amount_minor
      from captured join line on line.payment_id = captured.id
      union all
      select tenant_id, id, 'surcharge_income', null, currency, -surcharge_minor
      from captured where surcharge_minor > 0
      returning 1
    ), job as (
      insert into pay.outbox (tenant_id, kind, payment_id)
      select tenant_id, kind, captured.id
      from captured, unnest(${hasErp ? ["erp_post", "receipt_email"] : ["receipt_email"]}::text[]) as kind
      on conflict (tenant_id, kind, payment_id) do nothing
      returning id
    ), audit as (
      -- Reads what the others wrote, for PostgreSQL promises no order: the log's lock is the last to be taken.
      insert into pay.audit_log (tenant_id, actor, action, subject, detail)
      select tenant_id, ${auditName(ctx.actor)}, 'payment.' || state, id::text, ${json(auditDetail(attempt, outcome))}::jsonb
      from moved, (select count(*) from tried) attempted, (select count(*) from balances) balanced,
        (select count(*) from ledger) booked, (select count(*) from job) queued
    )
    select moved.*, (select jsonb_agg(id) from job) as outbox_ids from moved`;
  return rows[0] ?? null;
}

/** What a person who decides a conflict must know of it: a `Conflict` without its hold. */
const heardOf = (outcome: AttemptOutcome) =>
  "money" in outcome
    ? {
        outcome: outcome.kind,
        amountMinor: `${outcome.money.amountMinor}`,
        currency: outcome.money.currency,
      }
    : {};

const auditDetail = (attempt: Attempt, outcome: AttemptOutcome) => ({
  attempt: attempt.id,
  outcome: outcome.kind,
  ...("money" in outcome && {
    provider: { amountMinor: `${outcome.money.amountMinor}`, currency: outcome.money.currency },
  }),
  ...("providerRef" in outcome && { providerRef: outcome.providerRef }),
  ...("cause" in outcome && { cause: outcome.cause }),
});

/**
 * Gives the lease back and sets the next check: after a pause, at once when news came in while we asked,
 * never when it has ended and the provider has answered.
 * Past `sendBy` the lease may be another's by now, who is at the provider: nothing is written then, the
 * lease's end makes the attempt due.
 * @returns seconds until the check; `null` when there is none, or the attempt is another's or finished by one.
 */
async function checkLater(
  ctx: Context,
  { attempt, outcome }: { attempt: Attempt; outcome: AttemptOutcome },
): Promise<number | null> {
  if (Date.now() > attempt.sendBy) return null;
  const cause = "cause" in outcome ? outcome.cause : null;
  const waiting = outcome.kind === "unshowable" ? "requires_action" : attempt.state;
  const rows = await ctx.db.query<{ tenant_id: string; in_s: number | null }>`
    update pay.attempts a set
      leased_until = now(), checks = a.checks + 1, last_cause = ${cause}::text,
      absences = case when ${outcome.kind === "absent"}::boolean then a.absences + 1 else 0 end,
      next_check_at = case when a.next_check_at <= now() then now()
        when ${outcome.kind === "still_ended"}::boolean then 'infinity'
        else now() + make_interval(secs => ${nextCheckInS(waiting, attempt.checks)}) end
    where a.tenant_id = ${ctx.tenant.id}::uuid and a.id = ${attempt.id}::uuid
      and a.state = any(${[...openPaymentStates, ...closedUnpaidStates]}::text[])
    returning a.tenant_id, extract(epoch from nullif(a.next_check_at, 'infinity') - now())::float8 as in_s`;
  return rows[0]?.in_s ?? null;
}
