import { Command } from "commander";
import { listDeadLetters } from "../outbox/list-dead-letters.ts";
import { replayDeadLetter } from "../outbox/replay-dead-letter.ts";
import { finishDelivery } from "../payments/by-hand/finish-delivery.ts";
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
    .option("--reason <why>", "why, for the tenant's audit log")
    .option("--json")
    .action(replay(run));
  deadLetter
    .command("finish <tenant> <id>")
    .description("a person has made it: booked it in the ERP, or told the payer; nothing is sent any more")
    .requiredOption("--reason <why>", "why, for the tenant's audit log")
    .option("--erp-ref <reference>", "of a payment: where the ERP has it")
    .option("--json")
    .action(finish(run));
  return deadLetter;
}

interface ReplayOptions extends CommonOptions {
  reason?: string;
}

interface FinishOptions extends CommonOptions {
  reason: string;
  erpRef?: string;
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

const replay =
  (run: Run) =>
  (slug: string, id: string, { reason, ...options }: ReplayOptions) =>
    run(options, async (operator) => {
      const input = { id, ...(reason !== undefined && { reason }) };
      const { kind } = await replayDeadLetter({ ctx: await contextFor(operator, slug), input });
      if (kind === "not_dead") throw new Error(`${slug} has no dead letter ${id}`);
      return { json: { id, replayed: true }, text: `${id} is due again; the worker's next sweep takes it` };
    });

const finish =
  (run: Run) =>
  (slug: string, id: string, { reason, erpRef, ...options }: FinishOptions) =>
    run(options, async (operator) => {
      const ctx = await contextFor(operator, slug);
      const finished = await finishDelivery({ ctx, input: { id, reason, erpRef: erpRef ?? null } });
      if (finished.kind === "not_done") throw new Error(finished.words);
      return { json: finished, text: `${id} ${finished.kind === "already" ? "was" : "is"} finished by hand` };
    });
