import { type Command, InvalidArgumentError } from "commander";
import { abortRestore, confirmRestore } from "../operations/backup/restore/end-restore.ts";
import { restoreBackup } from "../operations/backup/restore/restore-backup.ts";
import { restoreToInstant } from "../operations/backup/restore/restore-to-instant.ts";
import { backupSettings } from "../operations/backup/settings.ts";
import { restoreTenant } from "../operations/deletion/restore-tenant.ts";
import type { Operator } from "../operations/operator.ts";
import { loadOpenRestore, type RestoreRecord } from "../operations/records/restore-record.ts";
import { moment } from "./instant.ts";
import { type Answer, table } from "./output.ts";
import type { CommonOptions, Run } from "./run.ts";
import { tellWhatStaysOpen } from "./stays-open.ts";
import type { Terminal } from "./terminal.ts";

interface RestoreOptions extends CommonOptions {
  to?: Date;
  forceReason?: string;
}

export function addRestoreCommands(tenant: Command, run: Run, terminal: Terminal): void {
  tenant
    .command("restore <slug>")
    .description("undo delete while nothing is destroyed; with --to, back to an instant from the WAL archive")
    .option("--to <instant>", "such as 2026-11-20T10:15Z; run again after an interruption", parseInstant)
    .option(
      "--force-reason <reason>",
      "with --to: why the replaced database, or its payments, may be missing",
    )
    .option("--json")
    .action(restore(run, terminal));
  tenant
    .command("restore-backup <slug> <backup>")
    .description("back to a logical backup of its own; clarity backup list shows them")
    .option("--force-reason <reason>", "why the replaced database, or its payments, may be missing")
    .option("--json")
    .action(restoreFrom(run, terminal));
  tenant
    .command("restore-confirm <slug>")
    .description("drop the database that a restore replaced; there is no way back to it")
    .option("--json")
    .action(confirm(run));
  tenant
    .command("restore-abort <slug>")
    .description("end a restore that has not switched: served from where it was")
    .option("--json")
    .action(abort(run, terminal));
}

const restore = (run: Run, terminal: Terminal) => (slug: string, options: RestoreOptions) =>
  run(options, async (ctx): Promise<Answer> => {
    const { to, forceReason = null } = options;
    if (to) {
      const settings = backupSettings(terminal.env);
      return tellWhatStaysOpen({
        open: () => openRestore(ctx, slug),
        work: async () =>
          answer(slug, await restoreToInstant({ ctx, settings, input: { slug, to, forceReason } })),
      });
    }
    const { status } = await restoreTenant({ ctx, input: { slug } });
    return { json: { slug, status }, text: `${slug} is ${status}` };
  });

const confirm = (run: Run) => (slug: string, options: CommonOptions) =>
  run(options, async (ctx) => {
    const ended = await confirmRestore({ ctx, input: { slug } });
    const text = ended ? `${ended.fromDatabase} is dropped` : `no restore of ${slug} waits to be confirmed`;
    return { json: { slug, dropped: ended?.fromDatabase ?? null }, text };
  });

const abort = (run: Run, terminal: Terminal) => (slug: string, options: CommonOptions) =>
  run(options, async (ctx) => {
    const ended = await abortRestore({ ctx, settings: backupSettings(terminal.env), input: { slug } });
    const text = ended ? `${slug} is served from where it was` : `no restore of ${slug} is under way`;
    return { json: { slug, aborted: ended !== null }, text };
  });

const restoreFrom =
  (run: Run, terminal: Terminal) =>
  (slug: string, backupId: string, { forceReason, json = false }: CommonOptions & { forceReason?: string }) =>
    run({ json }, async (ctx) => {
      const settings = backupSettings(terminal.env);
      const input = { slug, backupId, forceReason: forceReason ?? null };
      return tellWhatStaysOpen({
        open: () => openRestore(ctx, slug),
        work: async () => answer(slug, await restoreBackup({ ctx, settings, input })),
      });
    });

async function openRestore(ctx: Operator, slug: string): Promise<string | null> {
  const record = await ctx.registry.findBySlug(slug);
  const open = record && (await loadOpenRestore(ctx.registry.sql, record.id));
  return open && !open.switched
    ? `the restore stays open; clarity tenant restore-abort ${slug} ends it`
    : null;
}

function answer(slug: string, restored: RestoreRecord): Answer {
  const { id, to, fromDatabase, intoDatabase, switched, pauseMs } = restored;
  const report = switched?.report;
  const payments = report?.payments ?? [];
  const rows = payments.map(({ id, state, stateNow, totalMinor, currency, attempts }) => [
    id,
    `${state ?? "unknown"} → ${stateNow ?? "unknown"}`,
    `${totalMinor} ${currency}`,
    attempts
      .map(({ provider, providerAccount, id, providerRef }) =>
        [provider, providerAccount, providerRef ?? id].filter((part) => part !== null).join(" "),
      )
      .join(", "),
  ]);
  const lines = [
    `${slug} is as it was at ${to.toISOString()}; it was not served for ${pauseMs} ms`,
    ...(report?.oldDatabaseRead === false
      ? ["the replaced database or its payments were gone: nobody knows which payments are lacking now"]
      : []),
    ...(rows.length > 0
      ? [
          `${rows.length === 1 ? "1 payment" : `${rows.length} payments`} that the replaced database had otherwise, or only one of the two knows; reconcile them with the provider:`,
          table(rows),
        ]
      : []),
    ...(report?.secretsToSetAgain.length ? [`to be set again: ${report.secretsToSetAgain.join(", ")}`] : []),
    `${fromDatabase} is kept, closed; clarity tenant restore-confirm ${slug} drops it`,
  ];
  return {
    json: { slug, restore: id, to, database: intoDatabase, replaced: fromDatabase, pauseMs, ...report },
    text: lines.join("\n"),
  };
}

/** What commander shows with the option's name. */
function parseInstant(text: string): Date {
  try {
    return moment(text);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}
