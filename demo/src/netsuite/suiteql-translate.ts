import { RestError } from "./errors.ts";

const tables = new Set(["transaction", "customer", "currency"]);
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
 * SuiteQL as PostgreSQL: parameters numbered, `BUILTIN.DF` and `NVL` spelt out, everything this
 * account does not know refused as NetSuite refuses it.
 * @throws RestError `INVALID_PARAMETER`
 */
export function translate(query: string): { sql: string; parameters: number } {
  const text = query.trim();
  const strings: string[] = [];
  // Strings step aside so that nothing below looks into them.
  const bare = text.replace(/'(?:[^']|'')*'/g, (literal) => `'${strings.push(literal) - 1}'`);
  if (!/^select\s/i.test(bare)) throw invalid("Only SELECT statements are supported.");
  if (/;|--|\/\*|\$|"/.test(bare)) throw invalid("Invalid or unsupported search.");

  for (const [, table = ""] of bare.matchAll(/\b(?:from|join)\s+([\w.]+)/gi)) {
    if (!tables.has(table.toLowerCase())) throw invalid(`Record '${table}' was not found.`);
  }
  // Comma joins would hide tables from the check above.
  if (/\bfrom\s+\w+(?:\s+(?:as\s+)?\w+)?\s*,/i.test(bare)) throw invalid("Invalid or unsupported search.");
  for (const [, name = ""] of bare.matchAll(/([\w.]+)\s*\(/g)) {
    const word = name.toLowerCase();
    if (word !== "builtin.df" && !callable.has(word)) throw invalid(`Unknown identifier '${name}'.`);
  }

  let parameters = 0;
  const sql = bare
    .replace(/\bBUILTIN\.DF\(\s*((?:\w+\.)?(\w+))\s*\)/gi, (_, column: string, field: string) =>
      displayValue(column, field.toLowerCase()),
    )
    .replace(/\bnvl\b/gi, "coalesce")
    .replace(/\?/g, () => {
      parameters += 1;
      return `$${parameters}`;
    })
    .replace(/'(\d+)'/g, (_, index) => strings[Number(index)] ?? "''");
  return { sql, parameters };
}

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
