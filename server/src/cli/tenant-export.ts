import type { Command } from "commander";
import type { Brought } from "../operations/export/brought.ts";
import { exportTenant } from "../operations/export/export-tenant.ts";
import type { Manifest } from "../operations/export/format.ts";
import { type ImportedTenant, ImportUnconfirmed, importTenant } from "../operations/export/import-tenant.ts";
import { describeNotAsAsked } from "../operations/provisioning/not-as-asked.ts";
import { type Answer, table } from "./output.ts";
import type { CommonOptions, Run } from "./run.ts";

interface ExportOptions extends CommonOptions {
  out: string;
}

interface ImportOptions extends CommonOptions {
  slug: string;
  name?: string;
  host: string[];
  takeOver?: boolean;
  confirm?: boolean;
  untrustedReason?: string;
}

export function addExportCommands(tenant: Command, run: Run): void {
  tenant
    .command("export <slug>")
    .description("everything of one tenant as JSON Lines in one snapshot; secrets are left out and named")
    .requiredOption("--out <path>", "a new folder, or a new file ending in .tar")
    .option("--json")
    .action(exportTo(run));
  tenant
    .command("import <path>")
    .description("make a new tenant of an export; run again after an interruption")
    .requiredOption("--slug <slug>", "the new tenant's")
    .option("--name <name>", "the name payers see; default the export's")
    .option(
      "--host <host>",
      "a custom domain; may be repeated",
      (host, hosts: string[]) => [...hosts, host],
      [],
    )
    .option("--take-over", "the exported tenant is gone: this one finishes its payments and deliveries")
    .option(
      "--confirm",
      "trust the embed keys, addresses and people that it brings; without, they are listed",
    )
    .option("--untrusted-reason <why>", "believe an export that no key known here has signed")
    .option("--json")
    .action(importFrom(run));
}

const exportTo = (run: Run) => (slug: string, options: ExportOptions) =>
  run(options, async (ctx) => {
    const exported = await exportTenant({ ctx, input: { slug, out: options.out } });
    const { out, manifest, signedBy, auditDamage, left } = exported;
    const rows = manifest.tables.map(({ table, rows }) => [table, String(rows)]);
    return {
      json: exported,
      text: [
        `${slug} is in ${out}, signed by ${signedBy}`,
        table([["table", "rows"], ...rows]),
        ...remarks(manifest),
        ...left.map(
          (folder) => `${folder} is of another run: remove it when that is over, it holds personal data`,
        ),
        ...(auditDamage === null ? [] : [`its audit log was tampered with: ${auditDamage}`]),
      ].join("\n"),
      failed: auditDamage !== null,
    };
  });

const importFrom = (run: Run) => (path: string, options: ImportOptions) =>
  run(options, async (ctx) => {
    const {
      slug,
      name,
      host: hosts,
      takeOver = false,
      confirm: confirmed = false,
      untrustedReason,
    } = options;
    const input = {
      path,
      slug,
      hosts,
      takeOver,
      confirmed,
      untrustedReason: untrustedReason ?? null,
      ...(name !== undefined && { name }),
    };
    try {
      return importedAnswer(slug, await importTenant({ ctx, input }));
    } catch (error) {
      if (error instanceof ImportUnconfirmed) return unconfirmedAnswer(slug, error.brought);
      throw error;
    }
  });

function importedAnswer(slug: string, imported: ImportedTenant): Answer {
  const { tenant, created, notAsAsked, manifest, signer, brought } = imported;
  const { toBeSetAgain } = manifest;
  const said = created ? "is there" : "was there already";
  const vouched = signer
    ? `signed by ${signer.platform ?? "this platform"} (${signer.keyId})`
    : "signed by nobody known";
  return {
    json: { tenant, created, notAsAsked, tables: manifest.tables, toBeSetAgain, signer, brought },
    text: [
      `${slug} ${said} and answers at ${tenant.hosts.join(", ")}; the export is ${vouched}`,
      ...describeNotAsAsked(notAsAsked),
      ...(brought.length > 0 ? ["it trusts now:", listOf(brought)] : []),
      ...remarks(manifest),
    ].join("\n"),
    failed: notAsAsked.length > 0,
  };
}

function unconfirmedAnswer(slug: string, brought: readonly Brought[]): Answer {
  return {
    json: { tenant: null, created: false, brought },
    text: [
      `nothing was made: ${slug} would trust what the export brings`,
      listOf(brought),
      "read it, then run the same with --confirm",
    ].join("\n"),
    failed: true,
  };
}

const listOf = (brought: readonly Brought[]) => table(brought.map(({ what, value }) => [`  ${what}`, value]));

/** What a person has to do, or to know. */
function remarks({ toBeSetAgain, unfinished }: Manifest): string[] {
  const secrets = Object.entries(toBeSetAgain).flatMap(([table, keys]) =>
    keys.map((key) => `${table}/${key}`),
  );
  const { payments, deliveries } = unfinished;
  return [
    secrets.length > 0
      ? `left out, to be set again: ${secrets.join(", ")}`
      : "there were no secrets to leave out",
    ...(payments + deliveries > 0
      ? [`unfinished in this snapshot: ${payments} payments, ${deliveries} deliveries`]
      : []),
  ];
}
