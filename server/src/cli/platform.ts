import { Command } from "commander";
import { findPlatform } from "../config.ts";
import { diagnose } from "../doctor/diagnose.ts";
import type { Finding } from "../doctor/finding.ts";
import { migrateTenants } from "../tenants/provisioning/migrate-tenants.ts";
import { preparePlatform } from "../tenants/provisioning/prepare-platform.ts";
import { table } from "./output.ts";
import type { CommonOptions, Run } from "./run.ts";
import type { Terminal } from "./terminal.ts";

export function migrateCommand(run: Run, terminal: Terminal): Command {
  return new Command("migrate")
    .description(
      "bring the registry, the template and every tenant to this code's schema; run again to go on",
    )
    .option("--json")
    .action(async (options: CommonOptions) => {
      await preparePlatform(findPlatform(terminal.env));
      await run(options, async (ctx) => {
        const tenants = await migrateTenants({ ctx, input: {} });
        const failed = tenants.filter(({ error }) => error !== null);
        const rows = tenants.map(({ slug, from, to, error }) => [slug, `${from} → ${to}`, error ?? "done"]);
        return {
          json: { tenants, failed: failed.length },
          text: tenants.length > 0 ? table(rows) : "every tenant is at this code's schema",
          failed: failed.length > 0,
        };
      });
    });
}

export function doctorCommand(run: Run): Command {
  return new Command("doctor")
    .description("check the registry, the master key and every tenant, and say what to do")
    .option("--json")
    .action((options: CommonOptions) =>
      run(options, async (ctx) => {
        const findings = await diagnose({ ctx });
        return {
          json: findings,
          text: findings.map(inWords).join("\n"),
          failed: findings.some(({ ok }) => !ok),
        };
      }),
    );
}

function inWords({ ok, what, why, advice }: Finding): string {
  const judgement = !ok ? "BAD " : advice ? "note" : "ok  ";
  const lines = [`${judgement} ${what}`];
  if (why) lines.push(`     why: ${why}`);
  if (advice) lines.push(`     do:  ${advice}`);
  return lines.join("\n");
}
