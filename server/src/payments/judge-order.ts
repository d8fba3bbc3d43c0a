import { refused } from "../../contract/index.ts";
import type { Context } from "../context/context.ts";
import { freshMs, listInvoices, standInMs } from "../invoices/list-invoices.ts";
import { loadOrder, type OrderInput } from "./statements/load-order.ts";

/** Before money moves the ERP has this long to say what it knows better, ms. */
const askWithinMs = 5_000;

/**
 * Judges a request by balances at most a minute old: a form may stand open for ten, and an invoice paid in the ERP
 * meanwhile would be taken a second time. While the ERP cannot be asked, or takes too long, what it said stands in for
 * as long as the setting `invoices.standInMinutes` says; after that the payment is refused `erp_unavailable`, nothing
 * stored.
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
  const listed = await listInvoices({
    ctx,
    input: { customerId, allowedInvoices, live: true, waitMs: askWithinMs },
  });
  if (listed.kind === "refused") return listed;
  const { state } = listed.list.freshness;
  if (state !== "current" && order.ageMs > (await standInMs(ctx))) return refused("erp_unavailable");
  return loadOrder({ ctx, input });
}
