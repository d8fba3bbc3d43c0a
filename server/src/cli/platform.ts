import { Command } from "commander";
import { backupSettings } from "../operations/backup/settings.ts";
import { diagnose } from "../operations/doctor/diagnose.ts";
import { findingsAnswer } from "./findings-answer.ts";
import type { CommonOptions, Run } from "./run.ts";
import type { Terminal } from "./terminal.ts";

export function doctorCommand(run: Run, terminal: Terminal): Command {
  return new Command("doctor")
    .description("check the registry, the master key and every tenant, and say what to do")
    .option("--json")
    .action((options: CommonOptions) =>
      run(options, async (ctx) => {
        return findingsAnswer(await diagnose({ ctx, backups: backupSettings(terminal.env) }));
      }),
    );
}
