import type { Command } from "commander";
import { exportTenant } from "../tenants/export/export-tenant.ts";
import type { Manifest } from "../tenants/export/format.ts";
import { table } from "./output.ts";
import type { CommonOptions, Run } from "./run.ts";

interface ExportOptions extends CommonOptions {
  out: string;
}

export function addExportCommands(tenant: Command, run: Run): void {
  tenant
    .command("export <slug>")
    .description("everything of one tenant as JSON Lines in one snapshot; secrets are left out and named")
    .requiredOption("--out <path>", "a new folder, or a new file ending in .tar")
    .option("--json")
    .action(exportTo(run));
}

const exportTo = (run: Run) => (slug: string, options: ExportOptions) =>
  run(options, async (ctx) => {
    const { out, manifest } = await exportTenant({ ctx, input: { slug, out: options.out } });
    const rows = manifest.tables.map(({ table, rows }) => [table, String(rows)]);
    return {
      json: { out, manifest },
      text: [`${slug} is in ${out}`, table([["table", "rows"], ...rows]), ...remarks(manifest)].join("\n"),
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
