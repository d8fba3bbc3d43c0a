import { Command, Option } from "commander";
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
  const payment = new Command("payment").description("what became of customers' payments");
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
  return payment;
}

const list =
  (run: Run) =>
  (slug: string, { state, json = false }: ListOptions) =>
    run({ json }, async (operator) => {
      const ctx = await contextFor(operator, slug);
      const payments = await listPayments({ ctx, input: state ? { state } : {} });
      const head = ["id", "state", "customer", "minor units", "since", "checks", "next check", "cause"];
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
    return { json, text: inWords(json) };
  });

const rowOf = (payment: ListedPayment) => [
  payment.id,
  payment.state,
  payment.customerId,
  `${payment.totalMinor} ${payment.currency}`,
  payment.createdAt.toISOString(),
  String(payment.checks),
  payment.nextCheckAt?.toISOString() ?? "–",
  payment.cause ?? "–",
];

/** As JSON has it: an amount is digits on every wire of ours, an instant ISO 8601. */
const withDigits = <T>(value: T): T =>
  JSON.parse(JSON.stringify(value, (_, part) => (typeof part === "bigint" ? `${part}` : part)));

function inWords({ payment, ...lists }: PaymentTrace): string {
  const parts = Object.entries(lists).map(([name, rows]) => {
    if (rows.length === 0) return `${name}: none`;
    const columns = Object.keys(rows[0] ?? {});
    return `${name}\n${table([columns, ...rows.map((row) => columns.map((column) => cell(row[column])))])}`;
  });
  return [table(Object.entries(payment).map(([name, value]) => [name, cell(value)])), ...parts].join("\n\n");
}

const cell = (value: unknown): string =>
  value === null ? "–" : typeof value === "object" ? JSON.stringify(value) : String(value);
