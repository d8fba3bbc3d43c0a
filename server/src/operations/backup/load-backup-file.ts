import type { TenantRecord } from "../../registry/tenant-record.ts";
import { openBackupIdentity } from "../keys/backup-identity.ts";
import { type BackupRecord, requireFinished } from "./backup-record.ts";
import { BackupDamaged, hashFile, readEncrypted } from "./encrypted-file.ts";
import { type DatabasePlace, loadDatabase, requireContents } from "./restore/load-database.ts";
import type { BackupSettings } from "./settings.ts";

/**
 * Fills a new database from a backup's file and compares every table with what was counted when it was made.
 *
 * @throws BackupUnknown, BackupDamaged, NoBackupIdentity, ProgramsMissing, RestoredDiffers
 */
export async function loadBackupFile(input: {
  settings: BackupSettings;
  record: TenantRecord;
  backup: BackupRecord;
  place: DatabasePlace;
}): Promise<void> {
  const { settings, record, backup, place } = input;
  const { sha256, contents } = requireFinished(backup);
  const { registry } = place.ctx;
  const identity = await openBackupIdentity({ registry, record });
  const found = await hashFile(backup.file).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
    throw new BackupDamaged(`${backup.file} is not on this machine`);
  });
  if (found !== sha256) throw new BackupDamaged(`${backup.file} is not the file that was written`);
  const source = await readEncrypted({ file: backup.file, identity });
  await loadDatabase({ place, settings, source, complete: Promise.resolve() });
  await requireContents(place, contents);
}
