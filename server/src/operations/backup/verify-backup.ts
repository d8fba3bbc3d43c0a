import { auditName } from "../../actor/actor.ts";
import { loadTenant } from "../../registry/tenant-record.ts";
import { TenantUnknown } from "../../tenant/errors.ts";
import { names } from "../names.ts";
import type { Operator } from "../operator.ts";
import { withTenantLock } from "../tenant-lock.ts";
import { withBackupLock } from "./backup-lock.ts";
import { type BackupRecord, loadBackup } from "./backup-record.ts";
import { BackupUnderWay } from "./create-backup.ts";
import { loadBackupFile } from "./load-backup-file.ts";
import { dropDatabase } from "./restore/load-database.ts";
import type { BackupSettings } from "./settings.ts";

/**
 * Restores a backup into a database of its own on the tenant's server, compares every table with what was
 * counted when it was made, and drops it again. What a killed run left is dropped by the next.
 *
 * @throws BackupUnknown, BackupDamaged, BackupUnderWay, RestoredDiffers, ProgramsMissing; TenantUnknown when the
 *   tenant is gone, and with it what opens its backups
 */
export async function verifyBackup({
  ctx,
  settings,
  input: { id },
}: {
  ctx: Operator;
  settings: BackupSettings;
  input: { id: string };
}): Promise<BackupRecord> {
  const { registry } = ctx;
  const backup = await loadBackup(registry.sql, id);
  const { tenantId } = backup;
  const database = names.beside(ctx.address.namespace, tenantId, "verify");
  const verified = await withBackupLock({ registry, tenantId }, async () => {
    // What it makes holds the tenant's rows: it must be gone before the tenant can be.
    await withTenantLock({ ctx, tenantId }, async () => {
      const record = await loadTenant(registry.sql, { id: tenantId });
      if (!record)
        throw new TenantUnknown(`${backup.slug} is destroyed, and with it what opened its backups`);
      const place = { ctx, server: record.database.server, database };
      try {
        await loadBackupFile({ settings, record, backup, place });
      } finally {
        await dropDatabase(place);
      }
    });
    await registry.sql`
      with backup as (update backups set verified_at = clock_timestamp() where id = ${id} returning tenant_id)
      insert into operator_audit (operator, action, tenant_id, detail)
      select ${auditName(ctx.actor)}, 'backup.verify', tenant_id, jsonb_build_object('backup', ${id}::text) from backup`;
    return loadBackup(registry.sql, id);
  });
  if (!verified) throw new BackupUnderWay(`a backup of ${backup.slug} is being made or verified already`);
  return verified;
}
