import type { Refused, RenewedSession } from "../../contract/index.ts";
import type { Context } from "../context/context.ts";
import { listInvoices } from "../invoices/list-invoices.ts";
import { sessionLimits } from "./session-limits.ts";

/** So long the ERP is waited for that may know the customer no more, ms: a renewal is ahead of its need. */
const erpWaitMs = 3_000;

/**
 * Says whether a session may go on, and how long: by the settings as they are now, so that a shorter one counts from
 * the next renewal. Whether its embed key is still in use has been asked before (keys-in-use.ts). Nothing is written, and
 * no embed token is spent: a renewal whose answer was lost is asked for again.
 *
 * @returns refused `not_found`: the ERP has no such customer any more. Where it cannot be asked the session goes on.
 * @throws TenantUnavailable
 */
export async function renewSession({
  ctx,
  input: { customerId },
}: {
  ctx: Context;
  input: { customerId: string };
}): Promise<({ kind: "renewed" } & RenewedSession) | Refused<"not_found">> {
  const known = await listInvoices({ ctx, input: { customerId, allowedInvoices: [], waitMs: erpWaitMs } });
  if (known.kind === "refused" && known.code === "not_found") return { ...known, code: known.code };
  return { kind: "renewed", limits: await sessionLimits({ ctx }) };
}
