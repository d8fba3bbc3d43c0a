import { connect, type Sql } from "../database/connect.ts";
import type { Operator } from "./operator.ts";

/** "dele" in ASCII, the first half of an advisory lock's number. */
const lockClass = 0x64656c65;

interface Locked {
  ctx: Operator;
  tenantId: string;
}

/**
 * One deletion, restoration, recovery, destruction or move of a tenant at a time; others wait. A killed holder lets
 * go. It is a lock of the registry's database, the one place all operators share: PostgreSQL's are per database, and
 * administrators' URLs may name different ones.
 */
export async function withTenantLock<T>({ ctx, tenantId }: Locked, run: () => Promise<T>): Promise<T> {
  return inSession(ctx, async (session) => {
    await session`select pg_advisory_lock(${lockClass}, hashtext(${tenantId}))`;
    return run();
  });
}

/**
 * As `withTenantLock`, for what can be left to another time.
 *
 * @returns null: somebody else is at it
 */
export async function ifTenantFree<T>({ ctx, tenantId }: Locked, run: () => Promise<T>): Promise<T | null> {
  return inSession(ctx, async (session) => {
    const [row] = await session<{ taken: boolean }[]>`
      select pg_try_advisory_lock(${lockClass}, hashtext(${tenantId})) as taken`;
    return row?.taken ? run() : null;
  });
}

async function inSession<T>(ctx: Operator, run: (session: Sql) => Promise<T>): Promise<T> {
  const session = connect({
    url: ctx.registry.url,
    max: 1,
    idleTimeoutSeconds: 0,
    // A recovery may take hours.
    lifetimeSeconds: null,
  });
  try {
    return await run(session);
  } finally {
    await session.end({ timeout: 2 });
  }
}
