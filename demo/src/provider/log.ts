/**
 * One line on stderr: what failed, the error's name and code, and where. Never its message, and nothing
 * of the request: either may quote a card number.
 */
export function logFailure(what: string, error: unknown): void {
  const { name = "unknown", stack = "" } = error instanceof Error ? error : {};
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  const at = stack.split("\n").find((line) => line.startsWith("    at "));
  console.error(JSON.stringify({ level: "error", what, name, code, at: at?.trim() }));
}

/** One line on stderr: which directives of a page's policy a browser says were violated. */
export function logReport(directives: readonly string[]): void {
  const some = [...new Set(directives)].slice(0, 10);
  console.error(
    JSON.stringify({ level: "warn", what: "a browser refused something on a page", directives: some }),
  );
}
