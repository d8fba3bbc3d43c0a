import { z } from "zod";
import type { Context } from "../context/context.ts";
import { saysGone } from "./attempt-provider.ts";
import { type PersonsVerb, verbFor } from "./by-hand/find-payment.ts";
import { closedUnpaidStates, openPaymentStates, type StoredState } from "./states.ts";

/** Columns as they are stored: this is for a person with the code at hand. */
type Row = Record<string, unknown>;

/** Everything stored about one payment; no card token, no fingerprint. */
export interface PaymentTrace {
  payment: Row;
  attempts: Row[];
  /** Sums to zero, or is empty: nothing was captured. */
  ledger: Row[];
  /** Deliveries to ERP and mail. */
  outbox: Row[];
  /** What happened, in order. */
  audit: Row[];
  /** The verb of a person that ends it; `null`: it has ended. */
  verb: PersonsVerb | null;
}

/**
 * For whoever has to find out what became of a payment. Each list is in the order things happened.
 *
 * @returns `null` when the tenant has no such payment
 * @throws TenantUnavailable
 */
export async function tracePayment({
  ctx,
  input,
}: {
  ctx: Context;
  input: { id: string };
}): Promise<PaymentTrace | null> {
  if (!z.uuid().safeParse(input.id).success) return null;
  const { db, tenant } = ctx;
  const [payment] = await db.query<StoredRow>`
    select tenant_id, id, state, customer_id, currency, amount_minor, surcharge_minor, total_minor, lines, card_brand,
      card_last4, reason, receipt_number, captured_at, provider_ref, conflict, locale, created_at, updated_at
    from pay.payments where tenant_id = ${tenant.id}::uuid and id = ${input.id}::uuid`;
  if (!payment) return null;
  const attempts = await db.query<StoredRow>`
    select tenant_id, id, state, provider, provider_account, provider_ref, statement, capture_number, checks, last_cause, leased_until,
      nullif(next_check_at, 'infinity') as next_check_at, decision, giving_back_minor, created_at
    from pay.attempts where tenant_id = ${tenant.id}::uuid and payment_id = ${input.id}::uuid order by created_at`;
  const ledger = await db.query<StoredRow>`
    select tenant_id, account, invoice_id, currency, amount_minor, created_at
    from pay.ledger_entries where tenant_id = ${tenant.id}::uuid and payment_id = ${input.id}::uuid order by id`;
  const outbox = await db.query<StoredRow>`
    select tenant_id, id, kind, state, tries, due_at, last_cause, result, created_at, done_at
    from pay.outbox where tenant_id = ${tenant.id}::uuid and payment_id = ${input.id}::uuid order by kind`;
  const audit = await db.query<StoredRow>`
    select tenant_id, at, actor, action, detail
    from pay.audit_log where tenant_id = ${tenant.id}::uuid and subject = ${input.id} order by id`;
  return {
    payment: ownPart(payment),
    attempts: attempts.map(ownPart),
    ledger: ledger.map(ownPart),
    outbox: outbox.map(ownPart),
    audit: audit.map(ownPart),
    verb: verbOf(payment, attempts),
  };
}

function verbOf(payment: Row, attempts: Row[]): PersonsVerb | null {
  const state = payment.state as StoredState;
  const last = attempts.at(-1);
  const late = closedUnpaidStates.includes(state) && last !== undefined && last.next_check_at !== null;
  const accountGone = saysGone((last?.last_cause ?? null) as string | null);
  return verbFor({ state, open: openPaymentStates.includes(state) || late, accountGone });
}

type StoredRow = Row & { tenant_id: string };
const ownPart = ({ tenant_id: _, ...row }: StoredRow): Row => row;
