import type { TenantDb } from "../tenant/tenant-db.ts";

/** The embed key that vouched for the session was revoked since: the session has ended. */
export class SessionEnded extends Error {
  override readonly name = "SessionEnded";
}

/** How long after a key is revoked its sessions may go on, ms: what other processes know is asked for again then. */
const freshMs = 2_000;

const known = new WeakMap<TenantDb, { ids: Promise<ReadonlySet<string>>; until: number }>();

/**
 * An embed key's sessions go on while it is there and not revoked.
 *
 * @throws SessionEnded, TenantUnavailable
 */
export async function requireKeyInUse({ db, id }: { db: TenantDb; id: string }): Promise<void> {
  if (!(await isInUse(db, id))) throw new SessionEnded(`embed key ${id} is not in use`);
}

/** Of all keys of a tenant at once, since a session asks with every request. One not known yet may be a new one. */
async function isInUse(db: TenantDb, id: string): Promise<boolean> {
  const before = known.get(db);
  if (before && before.until > Date.now() && (await before.ids).has(id)) return true;
  const asked = { ids: readKeysInUse(db), until: Date.now() + freshMs };
  known.set(db, asked);
  asked.ids.catch(() => {
    if (known.get(db) === asked) known.delete(db);
  });
  return (await asked.ids).has(id);
}

async function readKeysInUse(db: TenantDb): Promise<ReadonlySet<string>> {
  const rows = await db.query<{ tenant_id: string; id: string }>`
    select tenant_id, id from pay.embed_keys where tenant_id = ${db.tenant.id}::uuid and revoked_at is null`;
  return new Set(rows.map(({ id }) => id));
}
