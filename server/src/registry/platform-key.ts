import type { MasterKey } from "../crypto/master-key.ts";
import { createDataKey, openTenantKeys, type TenantKeys } from "../crypto/tenant-keys.ts";
import type { Sql } from "../database/connect.ts";

/** Takes a tenant's id's place in what is authenticated: its ciphertexts open under no tenant's key. */
export const platformKeyOwner = "platform";

/** Seals what belongs to no tenant, such as database servers' administrators. Made on first use. */
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
