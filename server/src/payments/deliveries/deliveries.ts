import type { Context } from "../../context/context.ts";
import type { Deliveries } from "../../outbox/delivery.ts";
import type { OutboxRow } from "../../outbox/outbox-row.ts";
import { findPaymentRow, type PaymentRow } from "../statements/payment-row.ts";
import { postToERP } from "./post-to-erp.ts";
import { sendReceipt } from "./send-receipt.ts";
import { settleInERP } from "./settle-in-erp.ts";

/** What follows a captured payment: the ERP's record of it and the payer's receipt. */
export const paymentDeliveries: Deliveries = {
  erp_post: {
    name: "SyncPayment",
    async deliver({ ctx, input: { row, signal } }) {
      return postToERP({ ctx, input: { payment: await paymentOf(ctx, row), signal } });
    },
    /** The ERP's yes moves the invoices' balances in the same statement. */
    conclude({ ctx, input: { row, result } }) {
      const posted = result as { erpRef: string; already: boolean };
      return settleInERP({ ctx, input: { paymentId: row.payment_id, result: posted } });
    },
  },
  receipt_email: {
    name: "SendReceipt",
    // A mail server that is silent for longer is not heard any more.
    timeoutMs: 40_000,
    async deliver({ ctx, input: { row, signal } }) {
      return sendReceipt({ ctx, input: { payment: await paymentOf(ctx, row), outboxId: row.id, signal } });
    },
  },
};

async function paymentOf(ctx: Context, row: OutboxRow): Promise<PaymentRow> {
  const payment = await findPaymentRow(ctx, row.payment_id);
  if (!payment) throw new Error(`outbox row ${row.id} belongs to no payment`);
  return payment;
}
