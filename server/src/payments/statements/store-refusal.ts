import { auditName } from "../../actor/actor.ts";
import type { Context } from "../../context/context.ts";
import { paymentOutcomes, tenantLabel } from "../../telemetry/metrics.ts";
import { json } from "../../tenant/tenant-db.ts";
import type { Intent } from "./claim-payment.ts";
import type { PaymentRow } from "./payment-row.ts";

/**
 * Records a payment a tenant's hook refused: `declined` from the start, nothing held, no attempt,
 * the provider never asked. `null` when the payment id is taken.
 */
export async function storeRefusal({
  ctx,
  input,
}: {
  ctx: Context;
  input: { intent: Intent; cause: string };
}): Promise<PaymentRow | null> {
  const { intent, cause } = input;
  const lines = intent.lines.map((line) => ({ ...line, amountMinor: `${line.amountMinor}` }));
  const rows = await ctx.db.query<PaymentRow>`
    with payment as (
      insert into pay.payments (tenant_id, id, customer_id, fingerprint, state, reason, currency,
        amount_minor, surcharge_minor, total_minor, lines, card_brand, card_last4, locale)
      values (${ctx.tenant.id}::uuid, ${intent.paymentId}::uuid, ${intent.customerId},
        ${intent.fingerprint}::bytea, 'declined', 'declined', ${intent.currency},
        ${intent.amountMinor}::bigint, ${intent.surchargeMinor}::bigint,
        ${intent.amountMinor + intent.surchargeMinor}::bigint, ${json(lines)}::jsonb, ${intent.card.brand},
        ${intent.card.last4}, ${intent.locale})
      on conflict (tenant_id, id) do nothing
      returning *
    ), audit as (
      insert into pay.audit_log (tenant_id, actor, action, subject, detail)
      select tenant_id, ${auditName(ctx.actor)}, 'payment.refused_by_hook', id::text,
        jsonb_build_object('cause', ${cause}::text, 'requestId', ${ctx.requestId}::text)
      from payment
    )
    select * from payment`;
  if (rows[0]) paymentOutcomes.inc({ state: "declined", tenant: tenantLabel(ctx.tenant.slug) });
  return rows[0] ?? null;
}
