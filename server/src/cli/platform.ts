import { Command } from "commander";
import { createContextFactory } from "../context/context-factory.ts";
import { backupSettings } from "../operations/backup/settings.ts";
import { diagnose } from "../operations/doctor/diagnose.ts";
import { createLogger } from "../telemetry/log.ts";
import { findingsAnswer } from "./findings-answer.ts";
import type { CommonOptions, Run } from "./run.ts";
import type { Terminal } from "./terminal.ts";

export function doctorCommand(run: Run, terminal: Terminal): Command {
  return new Command("doctor")
    .description("check the registry, the master key and every tenant, and say what to do")
    .option("--erp", "try each tenant's ERP settings too: a dozen readings there, within its limit")
    .option("--json")
    .action((options: CommonOptions & { erp?: true }) =>
      run(options, async (ctx) => {
        const log = createLogger({ name: "clarity", level: "silent" });
        const erp = options.erp && { erp: createContextFactory({ log }) };
        return findingsAnswer(await diagnose({ ctx, backups: backupSettings(terminal.env), ...erp }));
      }),
    );
}
