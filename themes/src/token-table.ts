import { tokens } from "./tokens.ts";

/** The public tokens as a Markdown table, for the front README, where `npm run fix` writes it. */
export function tokenTableMarkdown(): string {
  const head = ["token", "group", "for", "rule"];
  const rows = tokens.map(({ name, group, description, rule }) => [
    `\`--pay-${name}\``,
    group,
    description,
    rule,
  ]);
  // Padded as the formatter would, which leaves the README alone then.
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)));
  const line = (row: string[]) => `| ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(" | ")} |`;
  const rule = widths.map((width) => "-".repeat(width));
  return [head, rule, ...rows].map(line).join("\n");
}
