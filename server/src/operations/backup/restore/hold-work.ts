import type { Sql } from "../../../database/connect.ts";
import { leaseS as deliveryLeaseS } from "../../../outbox/outbox-row.ts";
import { leaseS as attemptLeaseS } from "../../../payments/attempt.ts";
import { openWorkIn } from "../../../tenant/open-work.ts";
import { type DatabasePlace, isThere, withOwner } from "./load-database.ts";

/**
 * Whoever took a payment or a delivery on since the instant holds a lease that the restored database knows nothing
 * of, and may still be at the provider or the ERP. Nobody begins it anew before the longest lease of the replaced
 * database is over. Attempts wait as long as deliveries: money found at the provider makes a delivery that is due at
 * once, and the replaced database may have had one under way. Called when no lease can be taken there any more.
 *
 * Turns at the ERP that are taken stay taken, or more would be asked of it at once than it allows.
 *
 * @param replaced null: it is gone, and who had a turn is not known, as when its table is gone
 */
export async function holdWork(input: {
  replaced: DatabasePlace | null;
  restored: DatabasePlace;
}): Promise<void> {
  const { replaced, restored } = input;
  const turns = replaced ? await withOwner(replaced, readTurns) : [];
  const longestS = Math.max(deliveryLeaseS, attemptLeaseS);
  await withOwner(restored, async (sql) => {
    const openWork = await openWorkIn(sql);
    const held = `leased_until = greatest(leased_until, now() + make_interval(secs => ${longestS}))`;
    const open = (kind: string) => `select id from ${openWork} where kind = '${kind}'`;
    await sql.unsafe(`update pay.outbox set ${held} where id in (${open("delivery")})`);
    await sql.unsafe(`update pay.attempts set ${held} where id in (${open("outcome")})`);
    for (const { turn } of turns) {
      await sql.unsafe(
        `insert into pay.erp_turns select (jsonb_populate_record(null::pay.erp_turns, $1::text::jsonb)).*
         on conflict (number, tenant_id) do update set holder = excluded.holder, until = excluded.until`,
        [turn],
      );
    }
  });
}

async function readTurns(sql: Pick<Sql, "unsafe">): Promise<{ turn: string }[]> {
  if (!(await isThere(sql, "pay.erp_turns"))) return [];
  return sql.unsafe<{ turn: string }[]>(
    "select to_jsonb(t)::text as turn from pay.erp_turns t where number > 0 and until > now()",
  );
}
