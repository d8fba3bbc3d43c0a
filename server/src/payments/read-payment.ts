import { type Payment, type Refused, refused } from "../../contract/index.ts";
import type { Context } from "../context/context.ts";
import { doWithout } from "../context/do-without.ts";
import { isThereFor, ownIdOf } from "./own-id.ts";
import { viewOf } from "./payment-view.ts";
import { resolveAttempt } from "./resolve-attempt.ts";
import type { PaymentRow } from "./statements/payment-row.ts";
import { openPaymentStates } from "./states.ts";

export type ReadResult = { kind: "payment"; payment: Payment } | Refused;

/** Whose payment, and what of it the session may see. */
export interface PaymentWanted {
  paymentId: string;
  customerId: string;
  /** Invoice ids the session is limited to: a payment with any other is not there. Default null: all of the customer's. */
  allowedInvoices?: readonly string[] | null;
}

/**
 * A payment of this customer. When nobody works on it any more and a check is due, the provider is
 * asked first; when that goes wrong, what is stored is the answer. Another customer's, another tenant's and no payment are the same `not_found`.
 */
export async function readPayment({
  ctx,
  input,
}: {
  ctx: Context;
  input: PaymentWanted;
}): Promise<ReadResult> {
  const row = await findWithAttempt(ctx, input);
  if (!row) return refused("not_found");
  const answer = async (as: PaymentRow): Promise<ReadResult> => ({
    kind: "payment",
    payment: { ...(await viewOf(ctx, as)), id: row.called },
  });
  if (row.attempt_id === null || !row.due) return answer(row);
  const resolved = await tryToResolve({ ctx, input: { attemptId: row.attempt_id } });
  return answer(resolved?.kind === "resolved" ? resolved.payment : row);
}

/** For whoever only wants to be told. null: it went wrong, and the worker's sweep tries again. */
export async function tryToResolve(
  call: Parameters<typeof resolveAttempt>[0],
): Promise<Awaited<ReturnType<typeof resolveAttempt>> | null> {
  const { ctx, input } = call;
  return doWithout({
    ctx,
    input: {
      what: `the outcome of attempt ${input.attemptId}`,
      otherwise: null,
      read: () => resolveAttempt(call),
    },
  });
}

export interface PaymentWithAttempt extends PaymentRow {
  /** The id by which who asks knows it. */
  called: string;
  /** `null`: a hook refused the payment, the provider was never asked. */
  attempt_id: string | null;
  /** Unsettled, unleased, and time to ask again. */
  due: boolean;
}

/** The customer's payment and its attempt. */
export async function findWithAttempt(
  ctx: Context,
  { paymentId, ...asking }: PaymentWanted,
): Promise<PaymentWithAttempt | null> {
  const asker = { allowedInvoices: null, ...asking };
  const ownId = ownIdOf(ctx.tenant.id, asker, paymentId);
  const rows = await ctx.db.query<Omit<PaymentWithAttempt, "called">>`
    select p.*, a.id as attempt_id,
      coalesce(a.state = any(${openPaymentStates}::text[]) and a.leased_until <= now() and a.next_check_at <= now(),
        false) as due
    from pay.payments p
    left join pay.attempts a on a.tenant_id = p.tenant_id and a.payment_id = p.id
    where p.tenant_id = ${ctx.tenant.id}::uuid and p.id = any(${[paymentId, ownId]}::uuid[])
      and p.customer_id = ${asker.customerId}
    order by p.id = ${paymentId}::uuid desc`;
  const row = rows.find((one) => isThereFor(one, asker));
  return row ? { ...row, called: row.id === ownId ? paymentId : row.id } : null;
}
