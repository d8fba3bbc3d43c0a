/**
 * A Vitest reporter of what Vitest's own JSON report leaves out: the errors outside of every test. It writes them as a
 * JSON array of strings to the file named by STRAY_ERRORS.
 */
import { writeFileSync } from "node:fs";
import { relative } from "node:path";
import type { Reporter } from "vitest/node";

type StrayError = Parameters<NonNullable<Reporter["onTestRunEnd"]>>[1][number];

export default class StrayErrors implements Reporter {
  onTestRunEnd(_: unknown, errors: readonly StrayError[]): void {
    const file = process.env.STRAY_ERRORS;
    if (file) writeFileSync(file, JSON.stringify(errors.map(inWords)));
  }
}

/** Led by the file and the test, if any, that ran when the error came. */
function inWords({ stack, message, name, ...error }: StrayError): string {
  const file = error.VITEST_TEST_PATH && relative(process.cwd(), String(error.VITEST_TEST_PATH));
  const where = [file, error.VITEST_TEST_NAME].filter(Boolean).join(" > ");
  return [where, stack || `${name}: ${message}`].filter(Boolean).join("\n");
}
