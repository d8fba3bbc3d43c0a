import type { Command } from "commander";
import { exportTenant } from "../operations/export/export-tenant.ts";
import type { Manifest } from "../operations/export/format.ts";
import { importTenant } from "../operations/export/import-tenant.ts";
import { describeNotAsAsked } from "../operations/provisioning/not-as-asked.ts";
import { table } from "./output.ts";
import type { CommonOptions, Run } from "./run.ts";

interface ExportOptions extends CommonOptions {
  out: string;
}

interface ImportOptions extends CommonOptions {
  slug: string;
  name?: string;
  host: string[];
  takeOver?: boolean;
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
    .option("--json")
    .action(importFrom(run));
}

const exportTo = (run: Run) => (slug: string, options: ExportOptions) =>
  run(options, async (ctx) => {
    const exported = await exportTenant({ ctx, input: { slug, out: options.out } });
    const { out, manifest, auditDamage, left } = exported;
    const rows = manifest.tables.map(({ table, rows }) => [table, String(rows)]);
    return {
      json: exported,
      text: [
        `${slug} is in ${out}`,
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
    const { slug, name, host: hosts, takeOver = false } = options;
    const input = { path, slug, hosts, takeOver, ...(name !== undefined && { name }) };
    const { tenant, created, notAsAsked, manifest } = await importTenant({ ctx, input });
    const { toBeSetAgain } = manifest;
    const said = created ? "is there" : "was there already";
    return {
      json: { tenant, created, notAsAsked, tables: manifest.tables, toBeSetAgain },
      text: [
        `${slug} ${said} and answers at ${tenant.hosts.join(", ")}`,
        ...describeNotAsAsked(notAsAsked),
        ...remarks(manifest),
      ].join("\n"),
      failed: notAsAsked.length > 0,
    };
  });

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
