import { Command } from "commander";
import { listDeadLetters } from "../outbox/list-dead-letters.ts";
import { replayDeadLetter } from "../outbox/replay-dead-letter.ts";
import { contextFor } from "./context.ts";
import { table } from "./output.ts";
import type { CommonOptions, Run } from "./run.ts";

export function deadLetterCommand(run: Run): Command {
  const deadLetter = new Command("dead-letter").description("deliveries to ERP and mail that were given up");
  deadLetter
    .command("list <tenant>")
    .description("what a person must look at, oldest first")
    .option("--json")
    .action(list(run));
  deadLetter
    .command("replay <tenant> <id>")
    .description("try one again; what arrived already is found, not sent twice")
    .option("--json")
    .action(replay(run));
  return deadLetter;
}

const list = (run: Run) => (slug: string, options: CommonOptions) =>
  run(options, async (operator) => {
    const letters = await listDeadLetters({ ctx: await contextFor(operator, slug) });
    const rows = letters.map(({ id, kind, receiptNumber, tries, cause }) => [
      id,
      kind,
      receiptNumber ?? "–",
      String(tries),
      cause ?? "–",
    ]);
    return {
      // An amount is digits on every wire of ours.
      json: letters.map((letter) => ({ ...letter, amountMinor: letter.amountMinor.toString() })),
      text: letters.length > 0 ? table([["id", "kind", "receipt", "tries", "cause"], ...rows]) : "none",
    };
  });

const replay = (run: Run) => (slug: string, id: string, options: CommonOptions) =>
  run(options, async (operator) => {
    const { kind } = await replayDeadLetter({ ctx: await contextFor(operator, slug), input: { id } });
    if (kind === "not_dead") throw new Error(`${slug} has no dead letter ${id}`);
    return { json: { id, replayed: true }, text: `${id} is due again; the worker's next sweep takes it` };
  });
