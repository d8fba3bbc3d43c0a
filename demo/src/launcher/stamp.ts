import { createHash } from "node:crypto";
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Names a set of sources: the same text in the same files, the same stamp.
 * @param patterns globs below `root`; a file that is not there counts as not there
 */
export function stampOf(root: string, patterns: string[]): string {
  const hash = createHash("sha256");
  const files = patterns
    .flatMap((pattern) => globSync(pattern, { cwd: root, exclude: ["**/node_modules/**", "**/dist/**"] }))
    .toSorted();
  for (const file of new Set(files)) {
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(root, file)))
      .update("\0");
  }
  return hash.digest("hex");
}

/** Was `stampFile` written for these very sources? */
export const isCurrent = (stampFile: string, stamp: string): boolean =>
  existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp;
