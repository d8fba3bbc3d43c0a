import type { Context } from "../../context/context.ts";
import type { StoredState } from "../states.ts";

/** What the provider said that put a payment in conflict. */
export interface Conflict {
  outcome: "authorized" | "captured";
  /** Minor units as digits. */
  amountMinor: string;
  currency: string;
  /** Whether its lines still hold their invoices' balances; not when it had ended before. */
  held: boolean;
}

/** A row of `pay.payments`, as the driver hands it over. */
export interface PaymentRow {
  tenant_id: string;
  id: string;
  customer_id: string;
  fingerprint: Uint8Array;
  state: StoredState;
  currency: string;
  amount_minor: bigint;
  surcharge_minor: bigint;
  total_minor: bigint;
  lines: { invoiceId: string; invoiceNumber: string; amountMinor: string }[];
  card_brand: string | null;
  card_last4: string | null;
  action_url: string | null;
  reason: string | null;
  receipt_number: string | null;
  captured_at: Date | null;
  provider_ref: string | null;
  /** The payer is told no more than that it was declined: too many were before it. */
  coarse: boolean;
  locale: string;
  created_at: Date;
}

/** The payment with this id, whoever's it is within the tenant; `null` when there is none. */
export async function findPaymentRow(ctx: Context, paymentId: string): Promise<PaymentRow | null> {
  const rows = await ctx.db.query<PaymentRow>`
    select p.* from pay.payments p
    where p.tenant_id = ${ctx.tenant.id}::uuid and p.id = ${paymentId}::uuid`;
  return rows[0] ?? null;
}
