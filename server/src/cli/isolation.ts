import { Command } from "commander";
import { reportInWords, reportIsolation } from "../operations/isolation/report.ts";
import { TenantUnknown } from "../tenant/errors.ts";
import { requireReason } from "./reason.ts";
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
      const input = { reason: requireReason(reason), slug: slug ?? null };
      const answer = await reportIsolation({ ctx, input });
      const failed = answer.tenants.some(({ proofs }) => !proofs?.every(({ holds }) => holds));
      return { json: answer, text: reportInWords(answer), failed };
    });
