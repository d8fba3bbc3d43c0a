import type { Context } from "../context/context.ts";
import { saysGone } from "./attempt-provider.ts";
import { type PersonsVerb, verbFor } from "./by-hand/find-payment.ts";
import { openPaymentStates, type StoredState } from "./states.ts";

/** A payment in an operator's list, with what its last attempt is waiting for. */
export interface ListedPayment {
  id: string;
  state: StoredState;
  customerId: string;
  currency: string;
  totalMinor: bigint;
  createdAt: Date;
  /** Fruitless questions to the provider so far. */
  checks: number;
  /** When the provider is asked next; `null`: nobody asks any more. Of an ended one: there was news of it. */
  nextCheckAt: Date | null;
  /** Why the last question had no answer; internal words. */
  cause: string | null;
  /** The verb of a person that ends it; `null`: it has ended. */
  verb: PersonsVerb | null;
}

/** A payment younger than this is still being talked about by its own request, s. */
const youngForS = 60;

/**
 * Payments, oldest first, at most 500: those in `state`, or without it those a person should know of,
 * which are in conflict, still open after a minute, or ended with news of which the provider must yet be asked.
 *
 * @throws TenantUnavailable
 */
export async function listPayments({
  ctx,
  input,
}: {
  ctx: Context;
  input: { state?: StoredState };
}): Promise<ListedPayment[]> {
  const state = input.state ?? null;
  const rows = await ctx.db.query<{ tenant_id: string } & Omit<ListedPayment, "verb">>`
    select p.tenant_id, p.id, p.state, p.customer_id as "customerId", p.currency, p.total_minor as "totalMinor",
      p.created_at as "createdAt", coalesce(a.checks, 0) as checks, a.last_cause as cause,
      (select nullif(due_at, 'infinity') from pay.open_work w where w.id = a.id and w.kind in ('outcome', 'late_news')) as "nextCheckAt"
    from pay.payments p
    left join lateral (
      select * from pay.attempts a where a.tenant_id = p.tenant_id and a.payment_id = p.id
      order by a.created_at desc limit 1
    ) a on true
    where p.tenant_id = ${ctx.tenant.id}::uuid and case when ${state}::text is not null then p.state = ${state}
      else p.id in (select w.payment_id from pay.open_work w where w.kind in ('conflict', 'late_news')
        or w.kind = 'payment' and w.created_at < now() - make_interval(secs => ${youngForS})) end
    order by p.created_at limit 500`;
  return rows.map(({ tenant_id: _, ...payment }) => {
    const { state, cause, nextCheckAt } = payment;
    const open = openPaymentStates.includes(state) || nextCheckAt !== null;
    return { ...payment, verb: verbFor({ state, open, accountGone: saysGone(cause) }) };
  });
}
