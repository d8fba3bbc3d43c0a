import { rm } from "node:fs/promises";
import { sep } from "node:path";
import { auditName } from "../../actor/actor.ts";
import { withBackupLock } from "./backup-lock.ts";
import { type BackupRecord, loadBackups } from "./backup-record.ts";
import type { BackupContext } from "./create-backup.ts";

export interface PrunedBackups {
  readonly removed: readonly Pick<BackupRecord, "id" | "slug">[];
  /** Due, and in another folder than this process's: left to whoever made them. */
  readonly elsewhere: number;
}

/** What did not end well is kept this long for a person to see why, ms. */
const keepFailedMs = 7 * 24 * 3_600_000;

/**
 * Removes what is older than the retention, what never finished, and all of tenants that are gone. The newest
 * backup of a living tenant stays whatever its age. Files go before their rows, so a killed run is gone on with.
 *
 * @param tenantId null: of all
 */
export async function pruneBackups({
  ctx,
  input: { tenantId },
}: {
  ctx: BackupContext;
  input: { tenantId: string | null };
}): Promise<PrunedBackups> {
  const { registry, settings } = ctx;
  const all = await loadBackups(registry.sql, tenantId);
  const living = new Set((await registry.list()).map(({ id }) => id));
  const removed: BackupRecord[] = [];
  let elsewhere = 0;
  for (const [id, backups] of Map.groupBy(all, (backup) => backup.tenantId)) {
    const due = living.has(id) ? outlived(backups, settings.retentionMs) : backups;
    const here = due.filter(({ file }) => file.startsWith(`${settings.folder}${sep}`));
    elsewhere += due.length - here.length;
    if (here.length === 0) continue;
    // One that is being made has no end yet either.
    await withBackupLock({ registry, tenantId: id }, async () => {
      for (const backup of here) {
        await remove(ctx, backup);
        removed.push(backup);
      }
    });
  }
  return { removed: removed.map(({ id, slug }) => ({ id, slug })), elsewhere };
}

/** @param backups of one tenant, newest first */
function outlived(backups: readonly BackupRecord[], retentionMs: number): BackupRecord[] {
  const newest = backups.find(({ finished }) => finished !== null);
  return backups.filter((backup) => {
    const ageMs = Date.now() - backup.startedAt.getTime();
    if (backup === newest) return false;
    return ageMs > (backup.finished ? retentionMs : Math.min(keepFailedMs, retentionMs));
  });
}

async function remove({ registry, actor }: BackupContext, { id, file }: BackupRecord): Promise<void> {
  await rm(file, { force: true });
  await rm(`${file}.unfinished`, { force: true });
  await registry.sql`
    with backup as (delete from backups where id = ${id} returning tenant_id)
    insert into operator_audit (operator, action, tenant_id, detail)
    select ${auditName(actor)}, 'backup.prune', tenant_id, jsonb_build_object('backup', ${id}::text) from backup`;
}
