import { connect } from "../../database/client.ts";
import type { Operator } from "../provisioning/operator.ts";

/** "dele" in ASCII, the first half of an advisory lock's number. */
const lockClass = 0x64656c65;

/** One deletion, restoration, recovery, destruction or move of a tenant at a time; others wait. A killed holder lets go. */
export async function withTenantLock<T>(
  { ctx, tenantId }: { ctx: Operator; tenantId: string },
  run: () => Promise<T>,
): Promise<T> {
  const session = connect({
    url: ctx.address.adminUrl,
    max: 1,
    idleTimeoutSeconds: 0,
    // A recovery may take hours.
    lifetimeSeconds: null,
  });
  try {
    await session`select pg_advisory_lock(${lockClass}, hashtext(${tenantId}))`;
    return await run();
  } finally {
    await session.end({ timeout: 2 });
  }
}
