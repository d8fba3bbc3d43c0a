import type { Sql } from "../database/connect.ts";
import { openWorkIn } from "./open-work.ts";

export interface UnfinishedWork {
  /** Whose outcome is not settled, those that wait for a person included. */
  payments: number;
  /** ERP posts and receipts still to be delivered, those that wait for a person included. */
  deliveries: number;
}

/** What would be lost, or done twice, if the tenant's database went away now. It may be of an older schema. */
export async function unfinishedWork(sql: Pick<Sql, "unsafe">): Promise<UnfinishedWork> {
  const [row] = await sql.unsafe<UnfinishedWork[]>(`
    select
      count(distinct payment_id) filter (where kind in ('payment', 'outcome', 'conflict'))::int as payments,
      count(*) filter (where kind in ('delivery', 'dead_letter'))::int as deliveries
    from ${await openWorkIn(sql)}
    where kind in ('payment', 'outcome', 'conflict', 'delivery', 'dead_letter')`);
  if (!row) throw new Error("unreachable: an aggregate answers one row");
  return { payments: row.payments, deliveries: row.deliveries };
}
