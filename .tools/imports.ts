/** What a file imports, read as text: for the checks that look at the house as a whole. */
import { dirname, join, normalize } from "node:path";

/** Files that may look behind the walls. */
export const tests = /\.(?:test|spec)\.ts$|\/testing\/|conformance|\/bench\//;

export interface ImportStatement {
  /** A package name, or a path relative to the root. */
  target: string;
  /** `import type`: gone when the program runs. */
  typeOnly: boolean;
}

export function importsOf(file: string, source: string): ImportStatement[] {
  const statement =
    /^\s*(?:import|export)\s+(type\s)?[^;]*?from\s+["']([^"']+)["']|^\s*import\s+["']([^"']+)["']|import\(\s*["']([^"']+)["']\s*\)/gm;
  return [...source.matchAll(statement)].map((match) => {
    const specifier = match[2] ?? match[3] ?? match[4] ?? "";
    const target = specifier.startsWith(".") ? normalize(join(dirname(file), specifier)) : specifier;
    return { target, typeOnly: match[1] !== undefined };
  });
}
