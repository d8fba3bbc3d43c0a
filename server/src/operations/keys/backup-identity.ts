import { generateX25519Identity } from "age-encryption";
import { openTenantKeys } from "../../crypto/tenant-keys.ts";
import type { Registry } from "../../registry/registry.ts";
import { loadTenant, type TenantRecord } from "../../registry/tenant-record.ts";
import { TenantUnknown } from "../../tenant/errors.ts";

/** Where the sealed identity stands; part of what is authenticated. */
export const backupIdentityPlace = "backup-identity";

/** The tenant has never had a backup made. */
class NoBackupIdentity extends Error {
  override readonly name = "NoBackupIdentity";
}

/**
 * What opens a tenant's backups, and what they are encrypted for: an age identity, `AGE-SECRET-KEY-1…`. It is
 * nowhere but in the tenant's row, under its data key; when the row is gone, the backups are noise.
 *
 * @throws NoBackupIdentity, CannotDecrypt, MasterKeyUnavailable
 */
export async function openBackupIdentity(input: {
  registry: Registry;
  record: TenantRecord;
}): Promise<string> {
  const { registry, record } = input;
  if (!record.backupIdentity) throw new NoBackupIdentity(`no backup of ${record.slug} was ever made`);
  const keys = await keysOf(registry, record);
  return keys.open(backupIdentityPlace, record.backupIdentity);
}

/** As `openBackupIdentity`, made on first use; of two makers one wins, and both go on with the winner's. */
export async function ensureBackupIdentity({
  registry,
  tenantId,
}: {
  registry: Registry;
  tenantId: string;
}): Promise<string> {
  for (;;) {
    const record = await loadTenant(registry.sql, { id: tenantId });
    if (!record) throw new TenantUnknown(`no tenant ${tenantId}`);
    if (record.backupIdentity) return openBackupIdentity({ registry, record });
    const keys = await keysOf(registry, record);
    const sealed = keys.seal(backupIdentityPlace, await generateX25519Identity());
    // Not under a key that was rotated away meanwhile; then once more.
    await registry.sql`
      update tenants set backup_identity = ${sealed.ciphertext}, backup_identity_key_version = ${sealed.keyVersion},
        updated_at = clock_timestamp()
      where id = ${tenantId} and backup_identity is null and data_key_version = ${sealed.keyVersion}`;
  }
}

const keysOf = (registry: Registry, { id: tenantId, dataKey, otherDataKey }: TenantRecord) =>
  openTenantKeys({ tenantId, dataKey, otherDataKey, masterKey: registry.masterKey });
