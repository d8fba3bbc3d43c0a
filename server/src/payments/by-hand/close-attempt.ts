import { auditName } from "../../actor/actor.ts";
import type { Context } from "../../context/context.ts";
import { paymentOutcomes, tenantLabel } from "../../telemetry/metrics.ts";
import { answerWithinMs, deadlineIn } from "../ask-provider.ts";
import type { Attempt } from "../attempt.ts";
import { providerOf } from "../attempt-provider.ts";
import { leaseAttempt } from "../statements/lease-attempt.ts";
import { recordOutcome } from "../statements/record-outcome.ts";
import { closedByHand, openPaymentStates, type StoredState } from "../states.ts";
import { findPayment, type PaymentInHand } from "./find-payment.ts";
import { type NotDone, notDone, reasonIn } from "./not-done.ts";

export type Closed =
  | { kind: "closed"; paymentId: string; before: StoredState; after: StoredState }
  /** It was closed before. */
  | { kind: "already"; paymentId: string };

/**
 * Ends a payment whose provider account is gone for good: nobody can say any more what became of it, and it would hold
 * its invoices for ever. It becomes `failed`, its holds are given back, nothing is booked or posted. Whoever does it has
 * looked into the former account, or answers for it: money found there is given back there. One that had ended, and
 * waited for the former account's word on late news, waits no more.
 *
 * @throws TenantUnavailable
 */
export async function closeAttempt({
  ctx,
  input,
}: {
  ctx: Context;
  input: { paymentId: string; reason: string };
}): Promise<Closed | NotDone> {
  const reason = reasonIn(input.reason);
  if (typeof reason !== "string") return reason;
  const payment = await findPayment(ctx, input.paymentId);
  if ("kind" in payment) return payment;
  const { id: paymentId, state: before } = payment;
  if (before === "failed" && payment.reason === closedByHand && !payment.late_news) {
    return { kind: "already", paymentId };
  }
  const objection = objectionTo(payment);
  if (objection) return objection;

  const attempt = await leaseAttempt({ ctx, input: { attemptId: payment.attempt_id ?? "" } });
  if (!attempt) return notDone("busy", "somebody asks the provider just now: look again in 30 s");
  const whose = await providerOf({ ctx, input: { attempt, deadline: deadlineIn(answerWithinMs) } });
  if (whose.kind === "gone" && Date.now() <= attempt.sendBy) {
    const after = await close(ctx, { attempt, cause: whose.cause, reason });
    if (after) return { kind: "closed", paymentId, before, after };
    return notDone("busy", "it moved meanwhile: look again");
  }
  // Gives the lease back.
  const cause = whose.kind === "ours" ? "looked at by hand" : whose.cause;
  await recordOutcome({ ctx, input: { attempt, outcome: { kind: "unknown", cause } } });
  if (whose.kind === "ours") {
    return notDone(
      "does_not_apply",
      "its account is the tenant's own: the provider can be asked, so resolve it",
    );
  }
  return notDone(
    "cannot_ask",
    `whether its account is gone cannot be told (${cause}): when the tenant's key is no longer good, ` +
      "set the new account's, or unset the setting provider, and close it then",
  );
}

function objectionTo({ state, attempt_id, late_news }: PaymentInHand): NotDone | null {
  if (state === "conflicted") {
    return notDone("does_not_apply", "it is in conflict, not open: it waits to be decided");
  }
  if (attempt_id !== null && (openPaymentStates.includes(state) || late_news)) return null;
  return notDone(
    "does_not_apply",
    `it is ${state}: nobody asks about it any more, there is nothing to close`,
  );
}

/** One statement; locks as `recordOutcome` does. `null`: another moved it. */
async function close(
  ctx: Context,
  { attempt, cause, reason }: { attempt: Attempt; cause: string; reason: string },
): Promise<StoredState | null> {
  const { payment } = attempt;
  const rows = await ctx.db.query<{ tenant_id: string; state: StoredState }>`
    with line as (
      select l."invoiceId" as invoice_id, l."amountMinor"::bigint as amount_minor
      from pay.payments p
      cross join lateral jsonb_to_recordset(p.lines) as l("invoiceId" text, "amountMinor" text)
      where p.tenant_id = ${ctx.tenant.id}::uuid and p.id = ${payment.id}::uuid
    ), locked as (
      select i.id from pay.invoices i join line on line.invoice_id = i.id
      where i.tenant_id = ${ctx.tenant.id}::uuid
      order by i.id
      for update of i
    ), moved as (
      update pay.payments p set state = case when p.state = any(${openPaymentStates}::text[]) then 'failed' else p.state end,
        reason = case when p.state = any(${openPaymentStates}::text[]) then ${closedByHand} else p.reason end,
        action_url = null, updated_at = now()
      from (select count(*) from locked) gate
      where p.tenant_id = ${ctx.tenant.id}::uuid and p.id = ${payment.id}::uuid and p.state = ${payment.state}
      returning p.tenant_id, p.id, p.state
    ), tried as (
      update pay.attempts a set state = moved.state, token = null, leased_until = now(), next_check_at = 'infinity',
        last_cause = ${`closed by hand: ${cause}`}
      from moved
      where a.tenant_id = moved.tenant_id and a.id = ${attempt.id}::uuid
      returning 1
    ), balances as (
      update pay.invoices i set held_minor = i.held_minor - line.amount_minor
      from moved, line
      where i.tenant_id = moved.tenant_id and i.id = line.invoice_id and ${openPaymentStates.includes(payment.state)}::boolean
      returning 1
    ), audit as (
      -- Reads what the others wrote, for PostgreSQL promises no order: the log's lock is the last to be taken.
      insert into pay.audit_log (tenant_id, actor, action, subject, detail)
      select tenant_id, ${auditName(ctx.actor)}, 'payment.closed_by_hand', id::text, jsonb_build_object('attempt', ${attempt.id}::text,
        'before', ${payment.state}::text, 'cause', ${cause}::text, 'reason', ${reason}::text)
      from moved, (select count(*) from tried) attempted, (select count(*) from balances) balanced
    )
    select tenant_id, state from moved`;
  const [row] = rows;
  if (row && openPaymentStates.includes(payment.state)) {
    paymentOutcomes.inc({ state: "failed", tenant: tenantLabel(ctx.tenant.slug) });
  }
  return row?.state ?? null;
}
