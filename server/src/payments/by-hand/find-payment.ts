import { z } from "zod";
import { auditName } from "../../actor/actor.ts";
import type { Context } from "../../context/context.ts";
import { json } from "../../tenant/tenant-db.ts";
import type { Conflict, PaymentRow } from "../statements/payment-row.ts";
import type { StoredState } from "../states.ts";
import { type NotDone, notDone } from "./not-done.ts";

/** A payment and its attempt, as a person's verb looks at them. */
export interface PaymentInHand extends PaymentRow {
  conflict: Conflict | null;
  updated_at: Date;
  /** `null`: a hook refused the payment, the provider was never asked. */
  attempt_id: string | null;
  provider: string | null;
  provider_account: string | null;
  decision: Decision | null;
  /** An order to give back more than was agreed, of which it is not known whether it was carried out. */
  giving_back_minor: bigint | null;
  /** Ended, with news of which the provider must yet be asked. */
  late_news: boolean;
}

/** What a person makes of a conflict. */
export type Decision = "paid" | "unpaid";

/** @throws TenantUnavailable */
export async function findPayment(ctx: Context, paymentId: string): Promise<PaymentInHand | NotDone> {
  const missing = notDone("not_found", `there is no payment ${paymentId}`);
  if (!z.uuid().safeParse(paymentId).success) return missing;
  const rows = await ctx.db.query<PaymentInHand>`
    select p.*, a.id as attempt_id, a.provider, a.provider_account, a.decision, a.giving_back_minor,
      coalesce(p.state in ('declined', 'failed') and a.next_check_at < 'infinity', false) as late_news
    from pay.payments p
    left join pay.attempts a on a.tenant_id = p.tenant_id and a.payment_id = p.id
    where p.tenant_id = ${ctx.tenant.id}::uuid and p.id = ${paymentId}::uuid`;
  return rows[0] ?? missing;
}

/** Writes down what a person is about to do, before it is done. */
export async function audit(
  ctx: Context,
  entry: { action: string; paymentId: string; detail: Record<string, unknown> },
): Promise<void> {
  await ctx.db.query`
    insert into pay.audit_log (tenant_id, actor, action, subject, detail)
    values (${ctx.tenant.id}::uuid, ${auditName(ctx.actor)}, ${entry.action}, ${entry.paymentId}, ${json(entry.detail)}::jsonb)
    returning tenant_id`;
}

/** The verb of a person that ends each; `null`: it has ended, or goes on by itself. */
export type PersonsVerb = "resolve" | "close-attempt" | "decide";

export function verbFor(input: {
  state: StoredState;
  /** The provider is asked about it. */
  open: boolean;
  /** The account it was made with was gone when it was last looked at. */
  accountGone: boolean;
}): PersonsVerb | null {
  if (input.state === "conflicted") return "decide";
  if (!input.open) return null;
  return input.accountGone ? "close-attempt" : "resolve";
}
