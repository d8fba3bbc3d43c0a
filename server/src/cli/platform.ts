import { Command } from "commander";
import { diagnose } from "../operations/doctor/diagnose.ts";
import { findingsAnswer } from "./findings-answer.ts";
import type { CommonOptions, Run } from "./run.ts";

export function doctorCommand(run: Run): Command {
  return new Command("doctor")
    .description("check the registry, the master key and every tenant, and say what to do")
    .option("--json")
    .action((options: CommonOptions) =>
      run(options, async (ctx) => {
        return findingsAnswer(await diagnose({ ctx }));
      }),
    );
}
