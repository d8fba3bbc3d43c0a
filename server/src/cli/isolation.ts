import { Command } from "commander";
import { reportInWords, reportIsolation } from "../isolation/report.ts";
import { TenantUnknown } from "../tenants/errors.ts";
import type { CommonOptions, Run } from "./run.ts";

interface ReportOptions extends CommonOptions {
  reason: string;
}

export function isolationCommand(run: Run): Command {
  const isolation = new Command("isolation").description("what keeps tenants apart, for an auditor");
  isolation
    .command("report [tenant]")
    .description("try each tenant's isolation on the running databases; print it with the access matrices")
    .requiredOption("--reason <text>", "why, for the operators' audit log")
    .option("--json")
    .action(report(run));
  return isolation;
}

const report =
  (run: Run) =>
  (slug: string | undefined, { reason, json = false }: ReportOptions) =>
    run({ json }, async (ctx) => {
      if (slug !== undefined && !(await ctx.registry.findBySlug(slug)))
        throw new TenantUnknown(`no tenant ${slug}`);
      if (!reason.trim()) throw new Error("it looks into every tenant: say why with --reason");
      const answer = await reportIsolation({ ctx, input: { reason: reason.trim(), slug: slug ?? null } });
      const failed = answer.tenants.some(({ proofs }) => !proofs?.every(({ holds }) => holds));
      return { json: answer, text: reportInWords(answer), failed };
    });
