import { Command } from "commander";
import { diagnose } from "../doctor/diagnose.ts";
import type { Finding } from "../doctor/finding.ts";
import type { CommonOptions, Run } from "./run.ts";

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
