import type { Sql } from "../../../database/connect.ts";
import type { LostPayment, RestoreReport } from "../../records/restore-record.ts";
import { type Contents, difference, readContents } from "../contents.ts";
import { type DatabasePlace, isThere, withOwner } from "./load-database.ts";

type Reader = Pick<Sql, "unsafe">;

/**
 * What the replaced database, which nobody can write to any more, and the restored one do not agree on. Every payment
 * is looked at, not those of a time alone: one may have been imported with its history, or deleted since the instant.
 *
 * @returns payments null: the replaced database's are gone, table and all
 */
export async function compareDatabases(input: {
  replaced: DatabasePlace;
  restored: DatabasePlace;
}): Promise<{ payments: LostPayment[] | null; rows: RestoreReport["rows"] }> {
  return withOwner(input.replaced, (replaced) =>
    withOwner(input.restored, async (restored) => ({
      payments: (await isThere(replaced, "pay.payments"))
        ? await differingPayments(replaced, restored)
        : null,
      rows: differingRows(await readContents(replaced), await readContents(restored)),
    })),
  );
}

function differingRows(before: Contents, now: Contents): RestoreReport["rows"] {
  const rows: Record<string, { before: number; now: number }> = {};
  for (const table of new Set([...Object.keys(before), ...Object.keys(now)])) {
    const [held, holds] = [before[table], now[table]];
    if (difference(held ? { [table]: held } : {}, holds ? { [table]: holds } : {}) === null) continue;
    rows[table] = { before: held?.rows ?? 0, now: holds?.rows ?? 0 };
  }
  return rows;
}

type States = Pick<LostPayment, "id" | "state" | "stateNow">;

async function differingPayments(replaced: Reader, restored: Reader): Promise<LostPayment[]> {
  const differing = await differingStates(replaced, restored);
  const ids = (lost: boolean) =>
    differing.filter(({ state }) => (state !== null) === lost).map(({ id }) => id);
  const found = [...(await loadPayments(replaced, ids(true))), ...(await loadPayments(restored, ids(false)))];
  const states = new Map(differing.map((payment) => [payment.id, payment]));
  return found
    .map((payment) => ({ ...payment, state: null, stateNow: null, ...states.get(payment.id) }))
    .sort((a, b) => Date.parse(a.createdAt) - Date.parse(b.createdAt));
}

/** Both are read side by side along their ids: of payments that agree none is kept in memory. */
async function differingStates(replaced: Reader, restored: Reader): Promise<States[]> {
  const [before, now] = [statesOf(replaced), statesOf(restored)];
  const next = async (states: typeof now) => (await states.next()).value ?? null;
  const differing: States[] = [];
  let [was, is] = [await next(before), await next(now)];
  while (was || is) {
    const id = !is || (was && was.id < is.id) ? was?.id : is.id;
    const [mine, its] = [was?.id === id ? was : null, is?.id === id ? is : null];
    const [state, stateNow] = [mine?.state ?? null, its?.state ?? null];
    if (id !== undefined && state !== stateNow) differing.push({ id, state, stateNow });
    if (mine) was = await next(before);
    if (its) is = await next(now);
  }
  return differing;
}

const pageRows = 10_000;

/** By id, as PostgreSQL and its text sort alike. */
async function* statesOf(sql: Reader): AsyncGenerator<{ id: string; state: string }, null> {
  for (let after = "00000000-0000-0000-0000-000000000000"; ; ) {
    const page = await sql.unsafe<{ id: string; state: string }[]>(
      `select id, state from pay.payments where id > $1 order by id limit ${pageRows}`,
      [after],
    );
    yield* page;
    const last = page.at(-1);
    if (!last || page.length < pageRows) return null;
    after = last.id;
  }
}

async function loadPayments(
  sql: Reader,
  ids: readonly string[],
): Promise<Omit<LostPayment, "state" | "stateNow">[]> {
  // `to_jsonb`: a replaced database may be older than the column.
  const attempts = (await isThere(sql, "pay.attempts"))
    ? `coalesce((
        select jsonb_agg(jsonb_build_object('id', a.id, 'provider', a.provider,
          'providerAccount', to_jsonb(a) -> 'provider_account', 'state', a.state, 'providerRef', a.provider_ref) order by a.created_at)
        from pay.attempts a where a.payment_id = p.id), '[]')`
    : "'[]'::jsonb";
  const rows = await sql.unsafe<
    (Pick<LostPayment, "id" | "currency" | "totalMinor" | "attempts"> & {
      created: Date;
      captured: Date | null;
    })[]
  >(
    `select p.id, p.currency, p.total_minor::text as "totalMinor", p.created_at as created,
      p.captured_at as captured, ${attempts} as attempts
    from pay.payments p where p.id = any ($1::text[]::uuid[])`,
    [ids] as never,
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
