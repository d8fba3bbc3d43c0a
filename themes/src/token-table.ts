import { tokens } from "./tokens.ts";

/** The public tokens as a Markdown table, for the READMEs: `node themes/src/token-table.ts` prints it. */
export function tokenTableMarkdown(): string {
  const rows = tokens.map(
    ({ name, group, description, rule }) => `| \`--pay-${name}\` | ${group} | ${description} | ${rule} |`,
  );
  return ["| token | group | what it colours or sizes | rule |", "|---|---|---|---|", ...rows].join("\n");
}

if (import.meta.main) console.log(tokenTableMarkdown());
