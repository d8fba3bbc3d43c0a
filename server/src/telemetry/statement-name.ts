const clause = /\b(insert into|update|delete from|from|join)\s+((?:pay|public)\.\w+)/gi;
const verbs: Record<string, string> = { "insert into": "INSERT", update: "UPDATE", "delete from": "DELETE" };
const names = new WeakMap<TemplateStringsArray, string>();
/** OpenTelemetry cuts `db.query.summary` here. */
const longest = 255;

/**
 * What a statement does to which tables, such as `INSERT pay.payments UPDATE pay.invoices`: OpenTelemetry's
 * `db.query.summary`. Read from the fixed parts alone, so no value can be in it; worked out once a statement.
 */
export function statementName(strings: TemplateStringsArray): string {
  const known = names.get(strings);
  if (known) return known;
  const steps = [...strings.join("?").matchAll(clause)].map(
    ([, verb = "", table]) => `${verbs[verb.toLowerCase()] ?? "SELECT"} ${table}`,
  );
  const name = [...new Set(steps)].join(" ").slice(0, longest) || "SELECT";
  names.set(strings, name);
  return name;
}
