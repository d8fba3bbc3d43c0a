import { readFile, stat } from "node:fs/promises";
import { Command } from "commander";
import { type Entry, enterSheet } from "../invoices/entered/enter-sheet.ts";
import { type EntryFault, wordsOf } from "../invoices/entered/entry-fault.ts";
import { sheetFaultWords, sheetLimits } from "../invoices/entered/read-sheet.ts";
import { contextFor } from "./context.ts";
import { type Answer, table } from "./output.ts";
import type { CommonOptions, Run } from "./run.ts";

interface ImportOptions extends CommonOptions {
  dryRun?: true;
}

export function invoiceCommand(run: Run): Command {
  const invoice = new Command("invoice").description("invoices of a tenant without an ERP");
  invoice
    .command("import <tenant> <file>")
    .description(
      "enter invoices and customers from a CSV file, all or none; the same file again changes nothing",
    )
    .option("--dry-run", "say what would be new, changed, the same or wrong; write nothing")
    .option("--json")
    .action(importFile(run));
  return invoice;
}

const importFile =
  (run: Run) =>
  (slug: string, file: string, { dryRun, json = false }: ImportOptions) =>
    run({ json }, async (operator) => {
      const ctx = await contextFor(operator, slug);
      // Of a file that is too large no more is read than its size.
      const { size } = await stat(file);
      const tooLarge = size > sheetLimits.bytes;
      if (tooLarge) throw new Error(`${file}: ${words("too_large", `${sheetLimits.bytes / 1024 / 1024}`)}`);
      const entry = await enterSheet({ ctx, input: { bytes: await readFile(file), apply: !dryRun } });
      switch (entry.kind) {
        case "refused":
          throw new Error("this tenant has an ERP: its invoices come from there, and are changed there");
        case "unreadable":
          throw new Error(`${file}: ${words(entry.code, entry.value)}`);
        case "faults":
          return wrong(entry.faults);
        case "done":
          return done(entry);
      }
    });

const words = (code: keyof typeof sheetFaultWords, value: string) =>
  sheetFaultWords[code].replace("{value}", value);

function wrong(faults: readonly EntryFault[]): Answer {
  const rows = faults.map((fault) => [`${fault.row}`, wordsOf(fault)]);
  return {
    json: { written: false, faults: faults.map((fault) => ({ ...fault, words: wordsOf(fault) })) },
    text: `${table([["row", "what is wrong"], ...rows])}\nnothing was entered`,
    failed: true,
  };
}

function done(entry: Extract<Entry, { kind: "done" }>): Answer {
  const count = (verdict: string) => entry.rows.filter((row) => row.verdict === verdict).length;
  const counts = { new: count("new"), changed: count("changed"), same: count("same") };
  const { written, customers, ignored } = entry;
  const said = `${counts.new} new, ${counts.changed} changed, ${counts.same} the same; customers: ${customers}`;
  const unused = ignored.length > 0 ? `\ncolumns not used: ${ignored.join(", ")}` : "";
  return {
    json: { written, ...counts, customers, ignored },
    text: `${said}${written ? "" : "; nothing was entered yet"}${unused}`,
  };
}
