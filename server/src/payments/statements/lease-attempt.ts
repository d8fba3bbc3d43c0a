import type { Context } from "../../context/context.ts";
import { type Attempt, leaseS, sendByFromNow } from "../attempt.ts";
import { closedUnpaidStates, openPaymentStates, type StoredState } from "../states.ts";
import { findPaymentRow } from "./payment-row.ts";

interface AttemptRow {
  tenant_id: string;
  id: string;
  payment_id: string;
  provider: string;
  provider_account: string | null;
  token: string | null;
  statement: string;
  return_origin: string | null;
  state: StoredState;
  provider_ref: string | null;
  capture_number: number;
  capture_errors: number;
  capture_failed_s: number | null;
  checks: number;
  absences: number;
  age_s: number;
}

/**
 * Makes us the one who may call the provider for an attempt. Ages and leases are judged by the
 * database's clock alone: application clocks may differ. An attempt that ended without money may be
 * leased too, to hear late news of it.
 *
 * The next check moves to the lease's end: where it is found sooner, news came in meanwhile.
 *
 * @returns `null` when another holds it, it is captured or in conflict, or there is none.
 */
export async function leaseAttempt({
  ctx,
  input,
}: {
  ctx: Context;
  input: { attemptId: string };
}): Promise<Attempt | null> {
  const sendBy = sendByFromNow();
  const states = [...openPaymentStates, ...closedUnpaidStates];
  const rows = await ctx.db.query<AttemptRow>`
    update pay.attempts a set leased_until = now() + make_interval(secs => ${leaseS}),
      next_check_at = now() + make_interval(secs => ${leaseS})
    where a.tenant_id = ${ctx.tenant.id}::uuid and a.id = ${input.attemptId}::uuid
      and a.leased_until <= now() and a.state = any(${states}::text[])
    returning a.*, extract(epoch from now() - a.created_at)::float8 as age_s,
      extract(epoch from now() - a.capture_failed_at)::float8 as capture_failed_s`;
  const row = rows[0];
  const payment = row && (await findPaymentRow(ctx, row.payment_id));
  if (!row || !payment) return null;
  return {
    id: row.id,
    payment,
    provider: row.provider,
    providerAccount: row.provider_account,
    token: row.token,
    providerRef: row.provider_ref,
    captureNumber: row.capture_number,
    captureErrors:
      row.capture_failed_s === null ? null : { count: row.capture_errors, sinceS: row.capture_failed_s },
    statement: row.statement,
    returnOrigin: row.return_origin,
    state: row.state,
    checks: row.checks,
    absences: row.absences,
    ageS: row.age_s,
    sendBy,
  };
}
