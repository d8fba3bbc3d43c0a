import { Command, Option } from "commander";
import { closeAttempt } from "../payments/by-hand/close-attempt.ts";
import { decideConflict } from "../payments/by-hand/decide-conflict.ts";
import type { Decision } from "../payments/by-hand/find-payment.ts";
import type { NotDone } from "../payments/by-hand/not-done.ts";
import { resolvePayment } from "../payments/by-hand/resolve-payment.ts";
import { type ListedPayment, listPayments } from "../payments/list-payments.ts";
import { type StoredState, storedStates } from "../payments/states.ts";
import { type PaymentTrace, tracePayment } from "../payments/trace-payment.ts";
import { contextFor } from "./context.ts";
import { table } from "./output.ts";
import type { CommonOptions, Run } from "./run.ts";

interface ListOptions extends CommonOptions {
  state?: StoredState;
}

export function paymentCommand(run: Run): Command {
  const payment = new Command("payment").description(
    "what became of customers' payments, and what a person can do about it",
  );
  payment
    .command("list <tenant>")
    .description("payments a person should know of: in conflict, or open for longer than a minute")
    .addOption(new Option("--state <state>", "all payments in this state instead").choices(storedStates))
    .option("--json")
    .action(list(run));
  payment
    .command("show <tenant> <id>")
    .description("all that is stored of one: attempts, ledger, deliveries, audit")
    .option("--json")
    .action(show(run));
  payment
    .command("resolve <tenant> <id>")
    .description("ask the provider now what became of one, and go on from there as the worker would")
    .requiredOption("--reason <why>", why)
    .option("--json")
    .action(resolve(run));
  payment
    .command("close-attempt <tenant> <id>")
    .description("end one whose provider account is gone for good: failed, its invoices free, nothing booked")
    .requiredOption("--reason <why>", why)
    .option("--json")
    .action(close(run));
  payment
    .command("decide <tenant> <id>")
    .description("end a conflict: book what the provider took, or give it back")
    .addOption(
      new Option(
        "--as <decision>",
        "paid: booked as captured, what is beyond the agreed amount given back; unpaid: given back",
      )
        .choices(["paid", "unpaid"])
        .makeOptionMandatory(),
    )
    .requiredOption("--reason <why>", why)
    .option(
      "--erp-ref <reference>",
      "with paid: it is in the ERP already, under this reference; not posted again",
    )
    .option("--given-back", "with unpaid: the payer has it back by other means; the provider is not asked")
    .option("--json")
    .action(decide(run));
  return payment;
}

const why = "why, for the tenant's audit log";

interface ReasonOptions extends CommonOptions {
  reason: string;
}

interface DecideOptions extends ReasonOptions {
  as: Decision;
  erpRef?: string;
  givenBack?: boolean;
}

/** What a verb did; @throws Error in its words where it did nothing */
function done<T extends { kind: string }>(result: T | NotDone): T {
  if (result.kind === "not_done") throw new Error((result as NotDone).words);
  return result as T;
}

const resolve =
  (run: Run) =>
  (slug: string, paymentId: string, { reason, ...options }: ReasonOptions) =>
    run(options, async (operator) => {
      const ctx = await contextFor(operator, slug);
      const asked = done(await resolvePayment({ ctx, input: { paymentId, reason } }));
      const moved =
        asked.after === asked.before ? `still ${asked.after}` : `was ${asked.before}, is ${asked.after}`;
      return { json: asked, text: `${paymentId} ${moved}${asked.cause ? `: ${asked.cause}` : ""}` };
    });

const close =
  (run: Run) =>
  (slug: string, paymentId: string, { reason, ...options }: ReasonOptions) =>
    run(options, async (operator) => {
      const ctx = await contextFor(operator, slug);
      const closed = done(await closeAttempt({ ctx, input: { paymentId, reason } }));
      const text =
        closed.kind === "already"
          ? "was closed before"
          : `was ${closed.before}, is closed as ${closed.after}`;
      return { json: closed, text: `${paymentId} ${text}` };
    });

const decide =
  (run: Run) =>
  (slug: string, paymentId: string, { as: decision, reason, erpRef, givenBack, ...options }: DecideOptions) =>
    run(options, async (operator) => {
      const ctx = await contextFor(operator, slug);
      const input = { paymentId, decision, reason, erpRef: erpRef ?? null, givenBack: givenBack ?? false };
      const decided = done(await decideConflict({ ctx, input }));
      const amounts =
        decided.kind === "decided"
          ? `: minor units booked ${decided.bookedMinor}, given back ${decided.givenBackMinor}`
          : " before";
      return { json: withDigits(decided), text: `${paymentId} was decided as ${decided.decision}${amounts}` };
    });

const list =
  (run: Run) =>
  (slug: string, { state, json = false }: ListOptions) =>
    run({ json }, async (operator) => {
      const ctx = await contextFor(operator, slug);
      const payments = await listPayments({ ctx, input: state ? { state } : {} });
      const head = [
        "id",
        "state",
        "customer",
        "minor units",
        "since",
        "checks",
        "next check",
        "ended by",
        "cause",
      ];
      return {
        json: payments.map(withDigits),
        text: payments.length > 0 ? table([head, ...payments.map(rowOf)]) : "none",
      };
    });

const show = (run: Run) => (slug: string, id: string, options: CommonOptions) =>
  run(options, async (operator) => {
    const trace = await tracePayment({ ctx: await contextFor(operator, slug), input: { id } });
    if (!trace) throw new Error(`${slug} has no payment ${id}: clarity payment list ${slug} shows some`);
    const json = withDigits(trace);
    const end =
      json.verb && `\n\na person ends it with: clarity payment ${json.verb} ${slug} ${id} --reason <why>`;
    return { json, text: `${inWords(json)}${end ?? ""}` };
  });

const rowOf = (payment: ListedPayment) => [
  payment.id,
  payment.state,
  payment.customerId,
  `${payment.totalMinor} ${payment.currency}`,
  payment.createdAt.toISOString(),
  String(payment.checks),
  payment.nextCheckAt?.toISOString() ?? "–",
  payment.verb ? `payment ${payment.verb}` : "–",
  payment.cause ?? "–",
];

/** As JSON has it: an amount is digits on every wire of ours, an instant ISO 8601. */
const withDigits = <T>(value: T): T =>
  JSON.parse(JSON.stringify(value, (_, part) => (typeof part === "bigint" ? `${part}` : part)));

function inWords({ payment, verb: _, ...lists }: PaymentTrace): string {
  const parts = Object.entries(lists).map(([name, rows]) => {
    if (rows.length === 0) return `${name}: none`;
    const columns = Object.keys(rows[0] ?? {});
    return `${name}\n${table([columns, ...rows.map((row) => columns.map((column) => cell(row[column])))])}`;
  });
  return [table(Object.entries(payment).map(([name, value]) => [name, cell(value)])), ...parts].join("\n\n");
}

const cell = (value: unknown): string =>
  value === null ? "–" : typeof value === "object" ? JSON.stringify(value) : String(value);
