import type { Sql } from "../database/connect.ts";

export interface UnfinishedWork {
  /** Whose outcome is not settled, those that wait for a person included. */
  payments: number;
  /** ERP posts and receipts still to be delivered, those that wait for a person included. */
  deliveries: number;
}

/** What would be lost, or done twice, if the tenant's database went away now. */
export async function unfinishedWork(sql: Pick<Sql, "unsafe">): Promise<UnfinishedWork> {
  const [row] = await sql.unsafe<UnfinishedWork[]>(`
    select
      (select count(*) from pay.payments p
        where p.state in ('pending', 'requires_action', 'authorized', 'conflicted') or exists (
          select from pay.attempts a
          where a.payment_id = p.id and a.state in ('pending', 'requires_action', 'authorized')))::int as payments,
      (select count(*) from pay.outbox where state <> 'done')::int as deliveries`);
  if (!row) throw new Error("unreachable: an aggregate answers one row");
  return { payments: row.payments, deliveries: row.deliveries };
}
