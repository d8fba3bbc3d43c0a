import type { Context } from "../context/context.ts";
import type { Refused } from "../context/refusal.ts";
import { plainName } from "./erp-names.ts";
import type { Mirror } from "./invoice-list.ts";
import { readMirror } from "./read-mirror.ts";
import { syncInvoices } from "./sync-invoices.ts";

/** A mirror no older than this is answered without asking the ERP, milliseconds. */
export const freshMs = 60_000;
/** While the ERP cannot be asked the mirror stands in until it is this old, milliseconds. */
const staleMs = 15 * 60_000;

export type ListResult = ({ kind: "invoices" } & Mirror) | Refused;

/**
 * The customer's open invoices, at most a minute old.
 *
 * @param input.live asks the ERP even when the mirror is fresh
 * @returns refused `erp_unavailable` when the ERP cannot be asked and the mirror is older than 15 min;
 * `not_found` when the ERP knows no such customer.
 * @throws TenantUnavailable
 */
export async function listInvoices({
  ctx,
  input,
}: {
  ctx: Context;
  input: { customerId: string; allowedInvoices: readonly string[] | null; live?: boolean };
}): Promise<ListResult> {
  const known = input.live ? null : await readMirror({ ctx, input });
  if (known && known.ageMs <= freshMs) return { kind: "invoices", ...known };
  const synced = await syncInvoices({ ctx, input });
  if (synced.kind === "refused" && synced.code === "not_found") return synced;
  const mirror = await readMirror({ ctx, input });
  if (synced.kind === "refused" && (!mirror || mirror.ageMs > staleMs)) return synced;
  return { kind: "invoices", ...(mirror ?? empty(ctx, input.customerId)) };
}

/** Without an ERP a customer nobody has entered yet simply owes nothing. */
function empty(ctx: Context, customerId: string): Mirror {
  return {
    customerName: plainName(customerId, "–"),
    ageMs: 0,
    list: { invoices: [], asOf: ctx.now().toISOString() },
  };
}
