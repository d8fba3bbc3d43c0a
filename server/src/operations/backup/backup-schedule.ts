import type { Logger } from "pino";
import type { Chore } from "../../outbox/chores.ts";
import type { Registry } from "../../registry/registry.ts";
import { type BackupContext, BackupUnderWay, createBackup } from "./create-backup.ts";
import { pruneBackups } from "./prune-backups.ts";
import type { BackupSettings } from "./settings.ts";

/** How late a backup may be at most, ms, beside the sweep's own turns. */
const everyMs = 300_000;

/**
 * The worker's part: each served tenant's backup when it is due, and its old ones pruned. The sweep only asks;
 * dumps are made one after the other beside it, so that a big one holds up no other tenant's work. Several
 * processes may do it: of two one finds it due, or is told that it is being made.
 */
export function createBackupSchedule(input: {
  registry: Registry;
  settings: BackupSettings;
  log: Logger;
}): Chore {
  const { registry, settings, log } = input;
  const ctx: BackupContext = { registry, settings, actor: { kind: "worker" } };
  const queued = new Set<string>();
  let last = Promise.resolve();

  const make = async ({ id, slug }: { id: string; slug: string }) => {
    if (!(await isDue({ registry, settings, tenantId: id }))) return;
    try {
      await createBackup({ ctx, input: { slug } });
      await pruneBackups({ ctx, input: { tenantId: id } });
    } catch (error) {
      if (!(error instanceof BackupUnderWay)) log.error({ err: error, tenantId: id }, "a backup failed");
    }
  };

  return {
    name: "back up",
    everyMs,
    async run({ tenant }) {
      if (queued.has(tenant.id) || !(await isDue({ registry, settings, tenantId: tenant.id }))) return;
      queued.add(tenant.id);
      last = last
        .then(() => make(tenant))
        .catch((error) => log.error({ err: error, tenantId: tenant.id }, "a backup failed"))
        .finally(() => queued.delete(tenant.id));
    },
  };
}

/** By when the last one began, one that failed excepted: that is tried again at the next turn. */
async function isDue(input: {
  registry: Registry;
  settings: BackupSettings;
  tenantId: string;
}): Promise<boolean> {
  const { registry, settings, tenantId } = input;
  const rows = await registry.sql`
    select from backups
    where tenant_id = ${tenantId} and finished_at is not null
      and started_at > clock_timestamp() - make_interval(secs => ${settings.intervalMs / 1_000})
    limit 1`;
  return rows.length === 0;
}
