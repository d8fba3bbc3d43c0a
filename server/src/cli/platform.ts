import { Command } from "commander";
import { diagnose } from "../tenants/provisioning/diagnose.ts";
import { table } from "./output.ts";
import type { CommonOptions, Run } from "./run.ts";

export function doctorCommand(run: Run): Command {
  return new Command("doctor")
    .description("check the registry, the master key and every tenant, and say what to do")
    .option("--json")
    .action((options: CommonOptions) =>
      run(options, async (ctx) => {
        const findings = await diagnose({ ctx });
        const rows = findings.map(({ ok, what, advice }) => [ok ? "ok" : "BAD", what, advice ?? ""]);
        return { json: findings, text: table(rows), failed: findings.some(({ ok }) => !ok) };
      }),
    );
}
