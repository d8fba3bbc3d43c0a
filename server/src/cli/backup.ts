import { Command, InvalidArgumentError } from "commander";
import { backupFindings } from "../operations/backup/backup-findings.ts";
import { type BackupRecord, loadBackups } from "../operations/backup/backup-record.ts";
import { createBackup } from "../operations/backup/create-backup.ts";
import { drill } from "../operations/backup/drill.ts";
import { pruneBackups } from "../operations/backup/prune-backups.ts";
import { type BackupSettings, backupSettings } from "../operations/backup/settings.ts";
import { sweepScratch } from "../operations/backup/sweep-scratch.ts";
import { verifyBackup } from "../operations/backup/verify-backup.ts";
import type { Operator } from "../operations/operator.ts";
import { TenantUnknown } from "../tenant/errors.ts";
import { findingsAnswer } from "./findings-answer.ts";
import { table } from "./output.ts";
import type { CommonOptions, Run } from "./run.ts";
import type { Terminal } from "./terminal.ts";

export function backupCommand(run: Run, terminal: Terminal): Command {
  const settings = () => backupSettings(terminal.env);
  const backup = new Command("backup").description("tenants' backups: make, check, rehearse");
  backup
    .command("create [tenant]")
    .description(
      "a logical backup, encrypted for the tenant's own key; servers with CLARITY_BACKUP_DIR make them by themselves",
    )
    .option("--all", "every active and suspended tenant, one after the other")
    .option("--json")
    .action(create(run, settings));
  backup
    .command("list [tenant]")
    .description("what the catalogue knows, newest first")
    .option("--json")
    .action(list(run));
  backup
    .command("verify <id>")
    .description("restore it beside the tenant's database, compare every table, drop it again")
    .option("--json")
    .action(verify(run, settings));
  backup
    .command("prune")
    .description(
      "remove what is older than the retention, what never finished, what is of destroyed tenants, " +
        "and what killed drills, checks, rehearsals and restores have left",
    )
    .option("--json")
    .action(prune(run, settings));
  backup
    .command("check")
    .description("tenants whose last backup is too old, servers whose WAL is not archived")
    .option("--json")
    .action(check(run, settings));
  backup
    .command("drill <tenant>")
    .description(
      "recover the tenant from the WAL archive alone, beside itself, and measure what would be lost and how long it takes",
    )
    .option("--max-rpo-minutes <minutes>", "longer fails", parseMinutes, 15)
    .option("--json")
    .action(rehearse(run, settings));
  return backup;
}

type Settings = () => BackupSettings;

const create =
  (run: Run, settings: Settings) =>
  (slug: string | undefined, { all = false, json = false }: CommonOptions & { all?: boolean }) =>
    run({ json }, async (operator) => {
      if ((slug === undefined) !== all) throw new Error("name one tenant, or --all");
      const ctx = { registry: operator.registry, settings: settings(), actor: operator.actor };
      if (slug !== undefined) {
        const made = await createBackup({ ctx, input: { slug } });
        return {
          json: view(made),
          text: `${slug}: ${made.id}, ${made.finished?.bytes} bytes in ${made.file}`,
        };
      }
      const answers: { slug: string; id: string | null; error: string | null }[] = [];
      for (const { slug, status } of await operator.registry.list()) {
        if (status !== "active" && status !== "suspended") continue;
        answers.push(
          await createBackup({ ctx, input: { slug } }).then(
            ({ id }) => ({ slug, id, error: null }),
            (error: Error) => ({ slug, id: null, error: error.message }),
          ),
        );
      }
      return {
        json: answers,
        text: table(answers.map(({ slug, id, error }) => [slug, error ?? `${id}`])) || "no tenants yet",
        failed: answers.some(({ error }) => error !== null),
      };
    });

const list = (run: Run) => (slug: string | undefined, options: CommonOptions) =>
  run(options, async ({ registry }) => {
    const backups = await loadBackups(registry.sql, slug === undefined ? null : await idOf(registry, slug));
    const rows = backups.map((backup) => [
      backup.id,
      backup.slug,
      (backup.finished?.snapshotAt ?? backup.startedAt).toISOString(),
      stateOf(backup),
      backup.verifiedAt?.toISOString() ?? "never",
    ]);
    const head = ["id", "tenant", "as of", "state", "verified"];
    return {
      json: backups.map(view),
      text: rows.length > 0 ? table([head, ...rows]) : "no backups yet",
    };
  });

async function idOf(registry: Operator["registry"], slug: string): Promise<string> {
  const record = await registry.findBySlug(slug);
  if (!record) throw new TenantUnknown(`no tenant ${slug}`);
  return record.id;
}

const verify = (run: Run, settings: Settings) => (id: string, options: CommonOptions) =>
  run(options, async (ctx) => {
    const verified = await verifyBackup({ ctx, settings: settings(), input: { id } });
    const tables = Object.keys(verified.finished?.contents ?? {}).length;
    return {
      json: view(verified),
      text: `${id} of ${verified.slug} is whole: ${tables} tables as they were`,
    };
  });

const prune = (run: Run, settings: Settings) => (options: CommonOptions) =>
  run(options, async (operator) => {
    const ctx = { registry: operator.registry, settings: settings(), actor: operator.actor };
    const pruned = await pruneBackups({ ctx, input: { tenantId: null } });
    const swept = await sweepScratch({ ctx: operator, settings: ctx.settings });
    const rest = pruned.elsewhere > 0 ? `; ${pruned.elsewhere} are due and lie in another folder` : "";
    const left = swept.length > 0 ? `; left by killed commands, removed: ${swept.join(", ")}` : "";
    return { json: { ...pruned, swept }, text: `${pruned.removed.length} backups removed${rest}${left}` };
  });

const check = (run: Run, settings: Settings) => (options: CommonOptions) =>
  run(options, async (ctx) => findingsAnswer(await backupFindings({ ctx, settings: settings() })));

const rehearse =
  (run: Run, settings: Settings) =>
  (slug: string, { maxRpoMinutes, json = false }: CommonOptions & { maxRpoMinutes: number }) =>
    run({ json }, async (ctx) => {
      const result = await drill({ ctx, settings: settings(), input: { slug } });
      const withinLimit = result.rpoMs <= maxRpoMinutes * 60_000;
      const steps = result.steps.map(({ step, tookMs }) => `${step} ${seconds(tookMs)}`);
      return {
        json: { ...result, withinLimit },
        text:
          `${slug}: a row written now was safe in the archive after ${seconds(result.rpoMs)} (allowed: ${maxRpoMinutes} min; ` +
          `at most archive_timeout and the archiver's own time), bringing it back took ${seconds(result.rtoMs)} ` +
          `(${steps.join(", ")})`,
        failed: !withinLimit,
      };
    });

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;

const stateOf = ({ finished, failure }: BackupRecord): string =>
  finished ? `${finished.bytes} bytes` : failure === null ? "unfinished" : `failed: ${failure}`;

const view = (backup: BackupRecord) => ({
  id: backup.id,
  tenant: backup.slug,
  file: backup.file,
  schemaVersion: backup.schemaVersion,
  startedAt: backup.startedAt,
  snapshotAt: backup.finished?.snapshotAt ?? null,
  finishedAt: backup.finished?.at ?? null,
  bytes: backup.finished?.bytes ?? null,
  failure: backup.failure,
  verifiedAt: backup.verifiedAt,
});

function parseMinutes(text: string): number {
  const minutes = Number(text);
  if (Number.isFinite(minutes) && minutes > 0) return minutes;
  throw new InvalidArgumentError("more than 0 minutes");
}
