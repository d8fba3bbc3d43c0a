import { setTimeout as delay } from "node:timers/promises";
import { connect, type Sql } from "../../database/connect.ts";
import type { Operator } from "../operator.ts";

/** "flee" in ASCII, an advisory lock's number in the registry's database. */
const lockNumber = 0x666c6565;
/** The session of a process that was killed a moment ago may still be there. */
const timeoutMs = 2_000;
const pollMs = 100;

/** Another process migrates the fleet, or takes a migration back. */
export class FleetBusy extends Error {
  override readonly name = "FleetBusy";
}

/**
 * One at a time changes tenants' schemas. A killed holder lets go.
 *
 * @param wait for as long as it takes; default false
 * @throws FleetBusy
 */
export async function withFleetLock<T>(
  { ctx, wait = false }: { ctx: Operator; wait?: boolean },
  run: () => Promise<T>,
): Promise<T> {
  const session = connect({ url: ctx.registry.url, max: 1, idleTimeoutSeconds: 0, lifetimeSeconds: null });
  try {
    const startedAt = performance.now();
    while (!(await tryLock(session))) {
      if (!wait && performance.now() - startedAt > timeoutMs) throw await busy(ctx);
      await delay(pollMs);
    }
    return await run();
  } finally {
    await session.end({ timeout: 2 });
  }
}

async function tryLock(session: Sql): Promise<boolean> {
  const [row] = await session<{ locked: boolean }[]>`select pg_try_advisory_lock(${lockNumber}) as locked`;
  return row?.locked ?? false;
}

async function busy(ctx: Operator): Promise<FleetBusy> {
  const [run] = await ctx.registry.sql<{ operator: string; target: number; done: number; total: number }[]>`
    select operator, target_version as target, done, total from migration_runs
    where state = 'running' order by started_at desc limit 1`;
  const who = run
    ? `${run.operator} migrates to ${run.target}, ${run.done} of ${run.total} tenants done`
    : "another command changes tenants' schemas";
  return new FleetBusy(`${who}: wait for its end (clarity migrate status), or use --wait`);
}

/** Whether somebody holds it. */
export async function isFleetBusy(sql: Sql): Promise<boolean> {
  const held = await sql`
    select from pg_locks
    where locktype = 'advisory' and objid = ${lockNumber} and classid = 0 and granted
      and database = (select oid from pg_database where datname = current_database())`;
  return held.length > 0;
}
