import type { Context } from "../context/context.ts";
import { freshMs, listInvoices } from "../invoices/list-invoices.ts";
import { loadOrder, type OrderInput } from "./statements/load-order.ts";

/**
 * Judges a request by balances at most a minute old: a form may stand open for ten, and an invoice
 * paid in the ERP meanwhile would be taken a second time. While the ERP cannot be asked, what it said
 * within the last 15 min stands; after that the payment is refused `erp_unavailable`, nothing stored.
 */
export async function judgeOrder({
  ctx,
  input,
}: {
  ctx: Context;
  input: OrderInput;
}): ReturnType<typeof loadOrder> {
  const order = await loadOrder({ ctx, input });
  if (order.kind !== "order" || order.ageMs <= freshMs) return order;
  if (!(await ctx.connector())) return order;
  const { customerId, allowedInvoices } = input;
  const listed = await listInvoices({ ctx, input: { customerId, allowedInvoices, live: true } });
  if (listed.kind === "refused") return listed;
  return loadOrder({ ctx, input });
}
