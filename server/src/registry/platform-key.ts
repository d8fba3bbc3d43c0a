import type { MasterKey } from "../crypto/master-key.ts";
import { createDataKey, openTenantKeys, platformKeyOwner, type TenantKeys } from "../crypto/tenant-keys.ts";
import type { Sql } from "../database/connect.ts";
import { requireMasterKey } from "./master-key-fits.ts";

/**
 * Seals what belongs to no tenant, such as database servers' administrators. Made on first use: while nothing is
 * sealed under one.
 *
 * @throws CannotDecrypt, MasterKeyUnavailable; Error when the key is gone and what it sealed is there
 */
export async function openPlatformKeys({
  sql,
  masterKey,
}: {
  sql: Sql;
  masterKey: MasterKey;
}): Promise<TenantKeys> {
  const read = () => sql<{ data_key: Uint8Array; data_key_version: number }[]>`
    select data_key, data_key_version from platform_key`;
  let [row] = await read();
  if (!row) {
    await refuseLost(sql);
    await requireMasterKey({ sql, masterKey });
    const made = await createDataKey({ tenantId: platformKeyOwner, masterKey });
    // Of two makers one wins, and both go on with the winner's.
    await sql`
      insert into platform_key (data_key, data_key_version) values (${made.wrapped}, ${made.version})
      on conflict do nothing`;
    [row] = await read();
  }
  if (!row) throw new Error("the platform's key vanished from the registry");
  const dataKey = { wrapped: row.data_key, version: row.data_key_version };
  return openTenantKeys({ tenantId: platformKeyOwner, dataKey, masterKey });
}

async function refuseLost(sql: Sql): Promise<void> {
  const servers = await sql<{ name: string }[]>`select name from database_servers order by name`;
  if (servers.length === 0) return;
  throw new Error(
    `the platform's key is gone from the registry, and it sealed the administrators of ${servers
      .map(({ name }) => name)
      .join(", ")}: bring the registry back, or remove those servers and add them again`,
  );
}
