/** A process that runs one verb of backups, for tests that kill it. Arguments: one JSON object. */
import { createLogger } from "../../../telemetry/log.ts";
import { openOperator } from "../../operator.ts";
import type { PlatformAddress } from "../../platform-address.ts";
import { createBackup } from "../create-backup.ts";
import { abortRestore, confirmRestore } from "../restore/end-restore.ts";
import { restoreBackup } from "../restore/restore-backup.ts";
import { restoreToInstant } from "../restore/restore-to-instant.ts";
import type { BackupSettings } from "../settings.ts";

export interface BackupChildInput {
  address: PlatformAddress;
  settings: BackupSettings;
  slug: string;
  verb: "create" | "restoreToInstant" | "restoreBackup" | "confirm" | "abort";
  /** Of `restoreToInstant`, ISO 8601. */
  to?: string;
  /** Of `restoreBackup`. */
  backupId?: string;
  /** Kill ourselves with -9 when this step is about to run. */
  dieBefore: string;
}

const {
  address,
  settings,
  slug,
  verb,
  to = "",
  backupId = "",
  dieBefore,
}: BackupChildInput = JSON.parse(process.argv[2] ?? "{}");
const log = createLogger({ name: "child", level: "silent" });
const ctx = openOperator({ address, operator: "child", log });
const onStep = (step: string) => {
  if (step === dieBefore) process.kill(process.pid, "SIGKILL");
};
const input = { slug };
const verbs = {
  create: () => createBackup({ ctx: { ...ctx, settings }, input, onStep }),
  restoreToInstant: () => restoreToInstant({ ctx, settings, input: { slug, to: new Date(to) }, onStep }),
  restoreBackup: () => restoreBackup({ ctx, settings, input: { slug, backupId }, onStep }),
  confirm: () => confirmRestore({ ctx, input, onStep }),
  abort: () => abortRestore({ ctx, settings, input, onStep }),
};
await verbs[verb]();
await ctx.close();
