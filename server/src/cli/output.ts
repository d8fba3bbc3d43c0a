import { ZodError } from "zod";
import { oneLine } from "./printable.ts";

/** What a command answers: an object for `--json`, and the same in words. */
export interface Answer {
  readonly json: unknown;
  readonly text: string;
  /** The answer is complete, and bad news: exit code 1. */
  readonly failed?: boolean;
}

/** The cause in words, with causes of causes; never a stack, never a row value. */
export function describeFailure(error: unknown): string {
  if (error instanceof ZodError) {
    return error.issues.map(({ path, message }) => `${path.join(".") || "input"}: ${message}`).join("; ");
  }
  if (!(error instanceof Error)) return String(error);
  const code = (error as { code?: unknown }).code;
  const own = error.message || String(code ?? error.name);
  if (code === "ECONNREFUSED")
    return `${own}: nothing answers there. Does npm start run, or your PostgreSQL?`;
  return error.cause instanceof Error ? `${own} (${describeFailure(error.cause)})` : own;
}

/** Columns wide enough for their longest cell, each cell on its line whatever it holds. */
export function table(raw: readonly (readonly string[])[]): string {
  const rows = raw.map((row) => row.map(oneLine));
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
