import type { PortalPayment } from "../../../contract/index.ts";
import type { Context } from "../../context/context.ts";
import { type PaymentTrace, tracePayment } from "../trace-payment.ts";
import { readRows } from "./read-rows.ts";
import { namesOf, timelineOf } from "./timeline.ts";
import { listedOf } from "./views.ts";

/**
 * One payment with everything that is known of it, in the order it happened; null: the tenant has no such payment.
 *
 * @throws TenantUnavailable
 */
export async function paymentStory(call: {
  ctx: Context;
  input: { id: string };
}): Promise<PortalPayment | null> {
  const { ctx, input } = call;
  const trace = await tracePayment({ ctx, input });
  const [row] = trace ? await readRows(ctx, [input.id]) : [];
  if (!trace || !row) return null;
  return {
    ...listedOf(row),
    amountMinor: `${row.amount_minor}`,
    surchargeMinor: `${row.surcharge_minor}`,
    capturedAt: row.captured_at?.toISOString() ?? null,
    reason: row.reason,
    lines: row.lines,
    timeline: timelineOf(trace, await peopleIn(ctx, trace)),
    verb: trace.verb,
  };
}

/** Names of the people in a trace, also of those who have left; by id. */
async function peopleIn(ctx: Context, trace: PaymentTrace): Promise<ReadonlyMap<string, string>> {
  const ids = namesOf(trace);
  if (ids.length === 0) return new Map();
  const rows = await ctx.db.query<{ tenant_id: string; id: string; shown: string }>`
    select tenant_id, id, coalesce(nullif(name, ''), email) as shown from pay.users
    where tenant_id = ${ctx.tenant.id}::uuid and id = any(${ids}::uuid[])`;
  return new Map(rows.map(({ id, shown }) => [id, shown]));
}
