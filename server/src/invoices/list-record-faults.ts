import type { Context } from "../context/context.ts";
import type { RecordFault } from "./usable-records.ts";

export interface KnownRecordFault extends RecordFault {
  customerId: string;
  firstSeenAt: Date;
  /** Of the customer's last reading. */
  seenAt: Date;
}

/**
 * What in the ERP's records cannot be used as it is, for whoever can mend it there, the longest known first, at most
 * 500. Mended, it is gone with the customer's next reading.
 */
export async function listRecordFaults({
  ctx,
}: {
  ctx: Pick<Context, "db" | "tenant">;
}): Promise<KnownRecordFault[]> {
  const rows = await ctx.db.query<{ tenant_id: string } & KnownRecordFault>`
    select tenant_id, customer_id as "customerId", kind, record, why, first_seen_at as "firstSeenAt",
      seen_at as "seenAt"
    from pay.record_faults where tenant_id = ${ctx.tenant.id}::uuid
    order by first_seen_at, customer_id, kind, record limit 500`;
  return rows.map(({ tenant_id: _, ...fault }) => fault);
}
