import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { ErpError } from "../connectors/connector.ts";
import type { SharedTurn, SharedTurns } from "../connectors/transport/limiter.ts";
import { TenantUnavailable } from "../tenant/errors.ts";
import type { TenantDb } from "../tenant/tenant-db.ts";

/** What is under way in a turn is broken off this long before its end, ms: its last bytes are still on their way. */
const marginMs = 5_000;
/** A reading's turn is somebody else's after this long, whatever became of who took it. Seconds. */
export const turnS = 30;
/** Between two looks for a free turn, ms: at random, so that nobody's luck repeats. */
const pauseMs = { shortest: 25, longest: 75 };
/** That somebody waits is remembered this long after their last look. Seconds. */
const waitingS = 1;

/**
 * Turns at the tenant's ERP as rows of the tenant's database: `number` 1 to `atOnce`, each leased by its `until`.
 * Every claim is one statement decided by the row's lock, so it holds through PgBouncer too; and a process
 * that is killed with turns in hand leaves nothing to clear up.
 *
 * Row 0 is no turn: it says that somebody waits. Who comes new then waits as well, or else a busy process, which
 * is the first to know that its own turn is free, would keep all others out.
 */
export function createErpTurns(db: TenantDb): SharedTurns {
  return {
    async take({ atOnce, forMs = turnS * 1_000 - marginMs, signal }) {
      for (let waited = false; !signal.aborted; waited = true) {
        const turn = await tryToTake(db, { atOnce, waited, forMs });
        if (turn && !signal.aborted) return turn;
        await turn?.giveBack();
        await delay(randomPause(), null, { signal }).catch(() => {});
      }
      throw new ErpError("unreachable", "gave up waiting for a turn", { cause: signal.reason });
    },
  };
}

async function tryToTake(
  db: TenantDb,
  input: { atOnce: number; waited: boolean; forMs: number },
): Promise<SharedTurn | null> {
  const holder = randomUUID();
  // Before the database's own clock starts on the lease.
  const askedAt = performance.now();
  const number = await claim(db, { ...input, holder }).catch((cause) => {
    if (!(cause instanceof TenantUnavailable)) throw cause;
    // Nothing was sent, and without turns nothing may be: it is tried again as if the ERP were away.
    throw new ErpError("unreachable", "the turns cannot be asked for", { cause });
  });
  if (number === null) return null;
  const leftMs = input.forMs - (performance.now() - askedAt);
  return {
    ends: AbortSignal.timeout(Math.max(0, Math.floor(leftMs))),
    async giveBack() {
      await db.query`
        update pay.erp_turns set until = '-infinity'
        where tenant_id = ${db.tenant.id}::uuid and number = ${number} and holder = ${holder}::uuid
        returning tenant_id`.catch(() => {});
    },
  };
}

/** @returns the number of the turn that is now ours, or null. An answer that is lost costs a turn for as long as it lasts. */
async function claim(
  db: TenantDb,
  { atOnce, waited, forMs, holder }: { atOnce: number; waited: boolean; forMs: number; holder: string },
): Promise<number | null> {
  const lastsS = (forMs + marginMs) / 1_000;
  // Two who want the same free row: the second waits for the first, finds it taken and has none.
  const [row] = await db.query<{ tenant_id: string; number: number }>`
    with living as (
      select number from pay.erp_turns where tenant_id = ${db.tenant.id}::uuid and until > now()
    ), turn as (
      insert into pay.erp_turns as mine (tenant_id, number, holder, until)
      select ${db.tenant.id}::uuid, free.number, ${holder}::uuid, now() + make_interval(secs => ${lastsS})
      from generate_series(1, ${atOnce}::int) as free(number)
      where free.number not in (select number from living)
        and (${waited}::boolean or 0 not in (select number from living))
      order by random() limit 1
      on conflict (number, tenant_id) do update set holder = excluded.holder, until = excluded.until
        where mine.until <= now()
      returning tenant_id, number
    ), waiting as (
      insert into pay.erp_turns (tenant_id, number, holder, until)
      select ${db.tenant.id}::uuid, 0, ${holder}::uuid, now() + make_interval(secs => ${waitingS})
      where not exists (select from turn)
      on conflict (number, tenant_id) do update set until = excluded.until
    )
    select tenant_id, number from turn`;
  return row?.number ?? null;
}

const randomPause = () => pauseMs.shortest + Math.random() * (pauseMs.longest - pauseMs.shortest);
