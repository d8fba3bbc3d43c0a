import { derivedId } from "./derived-id.ts";
import type { PaymentRow } from "./statements/payment-row.ts";

/** Whose session asks, and what of their customer's it may see. */
export interface Asker {
  customerId: string;
  /** Invoice ids the session is limited to: a payment with any other is not there. `null`: all of the customer's. */
  allowedInvoices: readonly string[] | null;
}

/** Whether a payment is there for who asks: another customer's is not, nor one beyond the session's invoices. */
export const isThereFor = (row: Pick<PaymentRow, "customer_id" | "lines">, asker: Asker): boolean =>
  row.customer_id === asker.customerId &&
  row.lines.every((line) => asker.allowedInvoices?.includes(line.invoiceId) ?? true);

/**
 * Under which id a payment is stored whose own id somebody else's has already. To who asks that id is as free as any: an
 * answer that told it apart would tell of a payment that is none of theirs. The same for the same asker and id, and
 * nobody else's; they go on calling it by the id they made.
 */
export function ownIdOf(tenantId: string, { customerId, allowedInvoices }: Asker, paymentId: string): string {
  const invoices = allowedInvoices && [...allowedInvoices].sort();
  return derivedId(JSON.stringify([tenantId, customerId, invoices, paymentId.toLowerCase()]));
}
