import { randomBytes } from "node:crypto";
import { linkSync, mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { isOpenToAll } from "../../contract/environment/index.ts";

/**
 * Written whole under another name first: a kill leaves either no key or a complete one, and of two makers one wins.
 *
 * @throws Error that says what to put there when nothing can be written there, as in a mounted Secret
 */
export function createKeyFile(input: { path: string; key: Uint8Array | string; what: string }): void {
  const { path, key, what } = input;
  const unfinished = join(dirname(path), `unfinished-${randomBytes(6).toString("hex")}`);
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(unfinished, key, { mode: 0o600, flush: true });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new Error(
      `${path} cannot be made (${code}): put ${what} there, readable by its owner or group alone`,
      {
        cause,
      },
    );
  }
  try {
    linkSync(unfinished, path);
  } catch (error) {
    // Another process made it at the same moment: theirs counts.
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    rmSync(unfinished);
  }
}

/** @returns what is known of the file; null: there is none. @throws Error when everybody may get at it */
export function statKeyFile(path: string, what: string): { madeAt: Date } | null {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) return null;
  if (isOpenToAll(stat.mode)) throw new Error(`${what} ${path} is readable by others: chmod 600 it`);
  return { madeAt: stat.mtime };
}
