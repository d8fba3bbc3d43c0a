import type { Sql } from "../../../database/client.ts";
import { difference, readContents } from "../contents.ts";
import { type DatabasePlace, withOwner } from "./load-database.ts";
import type { LostPayment, RestoreReport } from "./restore-record.ts";

type Reader = Pick<Sql, "unsafe">;

/** A payment's row is younger than its transaction by this much at most, however long that took. */
const margin = "interval '10 minutes'";

/** What the replaced database, which nobody can write to any more, holds that the restored one does not. */
export async function compareDatabases(input: {
  replaced: DatabasePlace;
  restored: DatabasePlace;
  to: Date;
}): Promise<Pick<RestoreReport, "payments" | "rows">> {
  const before = await withOwner(input.replaced, async (sql) => ({
    payments: await paymentsSince(sql, input.to),
    contents: await readContents(sql),
  }));
  const ids = before.payments.map(({ id }) => id);
  const now = await withOwner(input.restored, async (sql) => ({
    states: new Map(
      (
        await sql.unsafe<{ id: string; state: string }[]>(
          "select id, state from pay.payments where id = any ($1::text[]::uuid[])",
          [ids] as never,
        )
      ).map(({ id, state }) => [id, state]),
    ),
    contents: await readContents(sql),
  }));
  const rows: Record<string, { before: number; now: number }> = {};
  for (const [table, held] of Object.entries(before.contents)) {
    const holds = now.contents[table];
    if (difference({ [table]: held }, holds ? { [table]: holds } : {}) === null) continue;
    rows[table] = { before: held.rows, now: holds?.rows ?? 0 };
  }
  const payments = before.payments
    .map((payment) => ({ ...payment, stateNow: now.states.get(payment.id) ?? null }))
    .filter(({ state, stateNow }) => state !== stateNow);
  return { payments, rows };
}

/** Those that were begun, or whose outcome came, since then. */
async function paymentsSince(sql: Reader, to: Date): Promise<LostPayment[]> {
  const rows = await sql.unsafe<
    (Omit<LostPayment, "createdAt" | "capturedAt"> & { created: Date; captured: Date | null })[]
  >(
    `select p.id, p.state, p.currency, p.total_minor::text as "totalMinor", p.created_at as created,
      p.captured_at as captured, coalesce((
        select jsonb_agg(jsonb_build_object('id', a.id, 'provider', a.provider, 'state', a.state,
          'providerRef', a.provider_ref) order by a.created_at)
        from pay.attempts a where a.payment_id = p.id), '[]') as attempts
    from pay.payments p
    where greatest(p.created_at, p.updated_at) > $1::timestamptz - ${margin}
    order by p.created_at`,
    [to.toISOString()],
  );
  return rows.map(({ created, captured, ...payment }) => ({
    ...payment,
    createdAt: created.toISOString(),
    capturedAt: captured?.toISOString() ?? null,
  }));
}

/**
 * Receipt numbers and the like go on where the replaced database was: what was given out to payers is not given
 * out again.
 */
export async function advanceSequences(input: {
  replaced: DatabasePlace;
  restored: DatabasePlace;
}): Promise<void> {
  const reached = await withOwner(input.replaced, (sql) =>
    sql.unsafe<{ name: string; last: string }[]>(
      `select format('%I.%I', schemaname, sequencename) as name, last_value::text as last
       from pg_sequences where schemaname = 'pay' and last_value is not null`,
    ),
  );
  await withOwner(input.restored, async (sql) => {
    for (const { name, last } of reached) {
      await sql.unsafe(
        `select setval(s, greatest($2::bigint, coalesce(pg_sequence_last_value(s), 0)))
         from (select $1::text::regclass as s) as of_that_name`,
        [name, last],
      );
    }
  });
}
