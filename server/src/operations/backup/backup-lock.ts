import { connect } from "../../database/connect.ts";
import type { Registry } from "../../registry/registry.ts";

/** "bkup" in ASCII, the first half of an advisory lock's number. */
const lockClass = 0x626b7570;

/**
 * One backup of a tenant at a time, over all processes; a killed holder lets go.
 *
 * @returns null: somebody else is at it
 */
export async function withBackupLock<T>(
  { registry, tenantId }: { registry: Pick<Registry, "url">; tenantId: string },
  run: () => Promise<T>,
): Promise<T | null> {
  const session = connect({ url: registry.url, max: 1, idleTimeoutSeconds: 0, lifetimeSeconds: null });
  try {
    const [row] = await session<{ taken: boolean }[]>`
      select pg_try_advisory_lock(${lockClass}, hashtext(${tenantId})) as taken`;
    return row?.taken ? await run() : null;
  } finally {
    await session.end({ timeout: 2 });
  }
}
