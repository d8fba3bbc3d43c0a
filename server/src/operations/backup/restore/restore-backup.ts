import { loadTenant } from "../../../registry/tenant-record.ts";
import { TenantUnknown } from "../../../tenant/errors.ts";
import type { Operator } from "../../operator.ts";
import type { RestoreRecord } from "../../records/restore-record.ts";
import { loadBackup, requireFinished } from "../backup-record.ts";
import { loadBackupFile } from "../load-backup-file.ts";
import type { BackupSettings } from "../settings.ts";
import { bringBack, type OnStep } from "./bring-back.ts";

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
  const owner = await loadTenant(ctx.registry.sql, { slug });
  if (!owner) throw new TenantUnknown(`no tenant ${slug}`);
  const backup = await loadBackup(ctx.registry.sql, backupId, owner.id);
  const { snapshotAt } = requireFinished(backup);
  return bringBack({
    ctx,
    slug,
    target: { to: snapshotAt, backupId, forceReason },
    onStep,
    async load({ record, restore }) {
      await onStep("load");
      const place = { ctx, server: record.database.server, database: restore.intoDatabase };
      await loadBackupFile({ settings, record, backup, place });
    },
  });
}
