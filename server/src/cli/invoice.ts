import { readFile, stat } from "node:fs/promises";
import { Command } from "commander";
import { type Entered, enterInvoices } from "../invoices/entered/enter-invoices.ts";
import { type EntryFault, wordsOf } from "../invoices/entered/entry-fault.ts";
import { readSheet, sheetFaultWords, sheetLimits } from "../invoices/entered/read-sheet.ts";
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
      const read = size > sheetLimits.bytes ? null : readSheet(await readFile(file));
      if (!read) throw new Error(`${file}: ${words("too_large", `${sheetLimits.bytes / 1024 / 1024}`)}`);
      if (read.kind === "unreadable") throw new Error(`${file}: ${words(read.code, read.value)}`);
      // With what is wrong in the file, the database is still asked what it thinks of the rest.
      const apply = !dryRun && read.faults.length === 0;
      const entered = await enterInvoices({ ctx, input: { invoices: read.invoices, apply } });
      if (entered.kind === "refused") {
        throw new Error("this tenant has an ERP: its invoices come from there, and are changed there");
      }
      const faults = [...read.faults, ...(entered.kind === "faults" ? entered.faults : [])];
      return faults.length > 0 ? wrong(faults) : done(entered, read.ignored);
    });

const words = (code: keyof typeof sheetFaultWords, value: string) =>
  sheetFaultWords[code].replace("{value}", value);

function wrong(all: readonly EntryFault[]): Answer {
  const faults = [...new Map(all.map((fault) => [JSON.stringify(fault), fault])).values()];
  faults.sort((a, b) => a.row - b.row);
  const rows = faults.map((fault) => [`${fault.row}`, wordsOf(fault)]);
  return {
    json: { written: false, faults: faults.map((fault) => ({ ...fault, words: wordsOf(fault) })) },
    text: `${table([["row", "what is wrong"], ...rows])}\nnothing was entered`,
    failed: true,
  };
}

function done(entered: Entered, ignored: readonly string[]): Answer {
  if (entered.kind !== "entered") throw new Error("it was not entered");
  const count = (verdict: string) => entered.rows.filter((row) => row.verdict === verdict).length;
  const counts = { new: count("new"), changed: count("changed"), same: count("same") };
  const { written, customers } = entered;
  const said = `${counts.new} new, ${counts.changed} changed, ${counts.same} the same; customers: ${customers}`;
  const unused = ignored.length > 0 ? `\ncolumns not used: ${ignored.join(", ")}` : "";
  return {
    json: { written, ...counts, customers, ignored },
    text: `${said}${written ? "" : "; nothing was entered yet"}${unused}`,
  };
}
