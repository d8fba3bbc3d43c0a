import type { Operator } from "../../provisioning/operator.ts";
import { BackupUnknown, loadBackup, requireFinished } from "../backup-record.ts";
import { loadBackupFile } from "../load-backup-file.ts";
import type { BackupSettings } from "../settings.ts";
import { bringBack, type OnStep } from "./bring-back.ts";
import type { RestoreRecord } from "./restore-record.ts";

/**
 * Brings one tenant back to a logical backup of its own, in a new database, and switches to it once that is
 * whole; as `restoreToInstant` otherwise. Runs where the backup's file is.
 *
 * @throws TenantUnknown, BackupUnknown, BackupDamaged, RestoreRefused, ProgramsMissing, RestoredDiffers
 */
export async function restoreBackup({
  ctx,
  settings,
  input: { slug, backupId, forceReason = null },
  onStep = () => {},
}: {
  ctx: Operator;
  settings: BackupSettings;
  input: { slug: string; backupId: string; forceReason?: string | null };
  onStep?: OnStep;
}): Promise<RestoreRecord> {
  const backup = await loadBackup(ctx.registry.sql, backupId);
  // Another tenant's is as unknown as nobody's.
  if (backup.slug !== slug) throw new BackupUnknown(`no backup ${backupId} of ${slug}`);
  const { snapshotAt } = requireFinished(backup);
  return bringBack({
    ctx,
    slug,
    target: { to: snapshotAt, backupId, forceReason },
    onStep,
    async load({ record, restore }) {
      if (record.id !== backup.tenantId) throw new BackupUnknown(`no backup ${backupId} of ${slug}`);
      await onStep("load");
      const place = { ctx, server: record.database.server, database: restore.intoDatabase };
      await loadBackupFile({ settings, record, backup, place });
    },
  });
}
