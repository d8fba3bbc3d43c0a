import { Command } from "commander";
import { listRecordFaults } from "../invoices/list-record-faults.ts";
import { contextFor } from "./context.ts";
import { table } from "./output.ts";
import type { CommonOptions, Run } from "./run.ts";

export function recordFaultCommand(run: Run): Command {
  const recordFault = new Command("record-fault").description(
    "the ERP's records that cannot be used as they are",
  );
  recordFault
    .command("list <tenant>")
    .description("invoices withheld and e-mail addresses that are none; mended in the ERP, they are gone")
    .option("--json")
    .action(list(run));
  return recordFault;
}

const list = (run: Run) => (slug: string, options: CommonOptions) =>
  run(options, async (operator) => {
    const faults = await listRecordFaults({ ctx: await contextFor(operator, slug) });
    const rows = faults.map(({ customerId, kind, record, why, firstSeenAt }) => [
      customerId,
      kind,
      record,
      firstSeenAt.toISOString().slice(0, 10),
      why,
    ]);
    return {
      json: faults,
      text: faults.length > 0 ? table([["customer", "kind", "record", "since", "why"], ...rows]) : "none",
    };
  });
