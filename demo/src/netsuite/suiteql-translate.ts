import { RestError } from "./errors.ts";

/** Words that may stand before a parenthesis: functions SuiteQL has, and grammar. */
const callable = new Set([
  ...[
    "to_char",
    "to_date",
    "nvl",
    "coalesce",
    "upper",
    "lower",
    "abs",
    "round",
    "count",
    "sum",
    "min",
    "max",
  ],
  ...[
    "in",
    "and",
    "or",
    "not",
    "where",
    "on",
    "exists",
    "from",
    "select",
    "then",
    "else",
    "when",
    "by",
    "having",
  ],
]);

/**
 * SuiteQL as PostgreSQL: `BUILTIN.DF` and `NVL` spelt out, everything this account does not know refused as
 * NetSuite refuses it, a placeholder too: over REST there is nothing to fill it with.
 * @param records what this account has
 * @throws RestError `INVALID_PARAMETER`
 */
export function translate(query: string, records: readonly string[]): { sql: string; aliases: string } {
  const text = query.trim();
  const strings: string[] = [];
  // Strings step aside so that nothing below looks into them.
  const bare = text.replace(/'(?:[^']|'')*'/g, (literal) => `'${strings.push(literal) - 1}'`);
  if (!/^select\s/i.test(bare)) throw invalid("Only SELECT statements are supported.");
  if (/;|--|\/\*|\$|"|\?/.test(bare)) throw invalid("Invalid or unsupported search.");

  const aliases: string[] = [];
  for (const [, table = "", alias] of bare.matchAll(tableAndAlias)) {
    if (!records.includes(table.toLowerCase())) throw invalid(`Record '${table}' was not found.`);
    aliases.push(`${alias ?? table}=${table}`.toLowerCase());
  }
  // Comma joins would hide tables from the check above.
  if (/\bfrom\s+\w+(?:\s+(?:as\s+)?\w+)?\s*,/i.test(bare)) throw invalid("Invalid or unsupported search.");
  for (const [, name = ""] of bare.matchAll(/([\w.]+)\s*\(/g)) {
    const word = name.toLowerCase();
    if (word !== "builtin.df" && !callable.has(word)) throw invalid(`Unknown identifier '${name}'.`);
  }

  const sql = bare
    .replace(/\bBUILTIN\.DF\(\s*((?:\w+\.)?(\w+))\s*\)/gi, (_, column: string, field: string) =>
      displayValue(column, field.toLowerCase()),
    )
    .replace(/\bnvl\b/gi, "coalesce")
    .replace(/'(\d+)'/g, (_, index) => strings[Number(index)] ?? "''");
  return { sql, aliases: aliases.join(", ") };
}

/** The word behind a table is its alias, unless it belongs to the grammar. */
const tableAndAlias =
  /\b(?:from|join)\s+([\w.]+)(?:\s+(?:as\s+)?(?!(?:where|join|left|inner|on|order|group|and)\b)(\w+))?/gi;

/** `BUILTIN.DF(x)`: what the user interface shows for x. */
function displayValue(column: string, field: string): string {
  if (field === "currency") return `(select df.symbol from currency df where df.id = ${column})`;
  if (field === "entity") {
    return `(select df.entityid || ' ' || df.companyname from customer df where df.id = ${column})`;
  }
  return `(${column})::text`;
}

export const invalid = (reason: string) =>
  new RestError({
    detail: `Invalid search query. Detailed unprocessed description follows. Search error occurred: ${reason}`,
    code: "INVALID_PARAMETER",
    queryParameter: "q",
  });
