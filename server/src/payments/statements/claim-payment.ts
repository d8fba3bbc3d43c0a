import { auditName } from "../../actor/actor.ts";
import type { Context } from "../../context/context.ts";
import { json } from "../../tenant/tenant-db.ts";
import { type Attempt, leaseS, sendByFromNow } from "../attempt.ts";
import { derivedId } from "../derived-id.ts";
import type { OrderLine } from "./load-order.ts";
import type { PaymentRow } from "./payment-row.ts";

/** Everything transaction 1 writes down before any money is asked for. */
export interface Intent {
  paymentId: string;
  customerId: string;
  fingerprint: Uint8Array;
  currency: string;
  lines: readonly OrderLine[];
  amountMinor: bigint;
  surchargeMinor: bigint;
  card: { brand: string; last4: string };
  locale: string;
  provider: string;
  providerAccount: string;
  token: string;
  statement: string;
  returnOrigin: string | null;
  /** Of `subjectsOf`: whose earlier declines may make it wait, and whom one of its own is counted against. */
  subjects: readonly string[];
}

/**
 * **Transaction 1**, one statement, all or nothing: claims the payment id, holds the invoices'
 * balances, records payment and attempt (leased to us) and the audit row.
 *
 * Invoices are locked in order of id before anything is judged, so two payments of one invoice
 * queue up and the second sees the first's hold. The hold, the attempt and the audit row hang on the
 * payment's insert: when that falls on a taken id, or a balance does not cover its line, nothing is written.
 *
 * @returns `null` when nothing was written: the id is taken, a balance no longer suffices, or too many of the payer's
 * tries before it were declined (`pauseOf`).
 */
export async function claimPayment({ ctx, input }: { ctx: Context; input: Intent }): Promise<Attempt | null> {
  const tenantId = ctx.tenant.id;
  const attemptId = attemptIdOf(tenantId, input.paymentId);
  const sendBy = sendByFromNow();
  const lines = input.lines.map((line) => ({ ...line, amountMinor: `${line.amountMinor}` }));
  const rows = await ctx.db.query<PaymentRow>`
    with line as (
      select l."invoiceId" as invoice_id, l."amountMinor"::bigint as amount_minor
      from jsonb_to_recordset(${json(lines)}::jsonb) as l("invoiceId" text, "amountMinor" text)
    ), locked as (
      select i.id, i.open_minor - i.held_minor - i.settled_minor >= line.amount_minor as covered
      from pay.invoices i join line on line.invoice_id = i.id
      where i.tenant_id = ${tenantId}::uuid and i.customer_id = ${input.customerId}
        and i.currency = ${input.currency}
      order by i.id
      for update of i
    ), watch as (
      select coalesce(bool_or(d.wait_until > now()), false) as waits,
        coalesce(bool_or(d.coarse_until > now()), false) as coarse
      from pay.declines d
      where d.tenant_id = ${tenantId}::uuid and d.subject = any(${input.subjects}::text[])
    ), payment as (
      insert into pay.payments (tenant_id, id, customer_id, fingerprint, state, currency, amount_minor,
        surcharge_minor, total_minor, lines, coarse, card_brand, card_last4, locale)
      select ${tenantId}::uuid, ${input.paymentId}::uuid, ${input.customerId}, ${input.fingerprint}::bytea,
        'pending', ${input.currency}, ${input.amountMinor}::bigint, ${input.surchargeMinor}::bigint,
        ${input.amountMinor + input.surchargeMinor}::bigint, ${json(lines)}::jsonb, watch.coarse, ${input.card.brand},
        ${input.card.last4}, ${input.locale}
      from (select count(*) filter (where covered) as n from locked) judged, watch
      where judged.n = ${lines.length} and not watch.waits
      on conflict (tenant_id, id) do nothing
      returning *
    ), hold as (
      update pay.invoices i set held_minor = i.held_minor + line.amount_minor
      from line, payment
      where i.tenant_id = payment.tenant_id and i.id = line.invoice_id
      returning 1
    ), attempt as (
      insert into pay.attempts (tenant_id, id, payment_id, provider, provider_account, token, statement, return_origin,
        subjects, state, leased_until, next_check_at)
      select payment.tenant_id, ${attemptId}::uuid, payment.id, ${input.provider}, ${input.providerAccount}::text,
        ${input.token}, ${input.statement}, ${input.returnOrigin}::text, ${input.subjects}::text[], 'pending', now() + make_interval(secs => ${leaseS}),
        now() + make_interval(secs => ${leaseS})
      from payment
      returning 1
    ), audit as (
      -- Reads what the others wrote, for PostgreSQL promises no order: the log's lock is the last to be taken.
      insert into pay.audit_log (tenant_id, actor, action, subject, detail)
      select payment.tenant_id, ${auditName(ctx.actor)}, 'payment.started', payment.id::text,
        jsonb_build_object('attempt', ${attemptId}::text, 'totalMinor', payment.total_minor::text,
          'currency', payment.currency, 'requestId', ${ctx.requestId}::text)
      from payment, (select count(*) from hold) held, (select count(*) from attempt) attempted
    )
    select * from payment`;
  const payment = rows[0];
  if (!payment) return null;
  const { provider, providerAccount, token, statement, returnOrigin } = input;
  return {
    id: attemptId,
    payment,
    provider,
    providerAccount,
    token,
    statement,
    returnOrigin,
    providerRef: null,
    captureNumber: 1,
    captureErrors: null,
    state: "pending",
    checks: 0,
    absences: 0,
    ageS: 0,
    sendBy,
  };
}

/**
 * A payment has one attempt, and its id is made of the payment's: a database that was
 * brought back to before it asks the provider, by the same key, for the same charge.
 */
const attemptIdOf = (tenantId: string, paymentId: string): string =>
  derivedId(`${tenantId}/${paymentId.toLowerCase()}`);
