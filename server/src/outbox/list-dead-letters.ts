import type { Context } from "../context/context.ts";
import type { OutboxRow } from "./outbox-row.ts";

export interface DeadLetter {
  id: string;
  kind: OutboxRow["kind"];
  paymentId: string;
  receiptNumber: string | null;
  customerId: string;
  currency: string;
  amountMinor: bigint;
  tries: number;
  /** Internal words, often the ERP's own. */
  cause: string | null;
  createdAt: Date;
}

/** Deliveries that were given up, oldest first, at most 500. The money has moved; a person decides. */
export async function listDeadLetters({ ctx }: { ctx: Context }): Promise<DeadLetter[]> {
  const rows = await ctx.db.query<{ tenant_id: string } & DeadLetter>`
    select o.tenant_id, o.id, o.kind, o.payment_id as "paymentId", p.receipt_number as "receiptNumber",
      p.customer_id as "customerId", p.currency, p.amount_minor as "amountMinor", o.tries,
      o.last_cause as cause, o.created_at as "createdAt"
    from pay.outbox o join pay.payments p on p.tenant_id = o.tenant_id and p.id = o.payment_id
    where o.tenant_id = ${ctx.tenant.id}::uuid and o.state = 'dead'
    order by o.created_at limit 500`;
  return rows.map(({ tenant_id: _, ...letter }) => letter);
}
