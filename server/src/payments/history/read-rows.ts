import type { Context } from "../../context/context.ts";
import type { StoredState } from "../states.ts";

/** A payment with what a list says of it. */
export interface HistoryRow {
  tenant_id: string;
  id: string;
  state: StoredState;
  created_at: Date;
  customer_id: string;
  customer_name: string | null;
  currency: string;
  amount_minor: bigint;
  surcharge_minor: bigint;
  total_minor: bigint;
  receipt_number: string | null;
  captured_at: Date | null;
  card_brand: string | null;
  card_last4: string | null;
  reason: string | null;
  lines: { invoiceId: string; invoiceNumber: string; amountMinor: string }[];
  erp: "due" | "done" | "dead" | null;
}

/** In no order; ids of nobody's are left out. @throws TenantUnavailable */
export const readRows = ({ db, tenant }: Context, ids: readonly string[]): Promise<HistoryRow[]> =>
  db.query<HistoryRow>`
    select p.tenant_id, p.id, p.state, p.created_at, p.customer_id, c.name as customer_name, p.currency,
      p.amount_minor, p.surcharge_minor, p.total_minor, p.receipt_number, p.captured_at, p.card_brand, p.card_last4,
      p.reason, p.lines, o.state as erp
    from pay.payments p
    left join pay.customers c on c.tenant_id = p.tenant_id and c.id = p.customer_id
    left join pay.outbox o on o.tenant_id = p.tenant_id and o.payment_id = p.id and o.kind = 'erp_post'
    where p.tenant_id = ${tenant.id}::uuid and p.id = any(${ids}::uuid[])`;
