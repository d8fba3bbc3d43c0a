import { connect, reserve } from "../../database/client.ts";
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
  const sql = connect({ url: registry.url, max: 1, idleTimeoutSeconds: 0 });
  try {
    // As in `withTenantLock`.
    const session = await reserve(sql);
    try {
      const [row] = await session<{ taken: boolean }[]>`
        select pg_try_advisory_lock(${lockClass}, hashtext(${tenantId})) as taken`;
      return row?.taken ? await run() : null;
    } finally {
      session.release();
    }
  } finally {
    await sql.end({ timeout: 2 });
  }
}
