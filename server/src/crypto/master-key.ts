import { randomBytes } from "node:crypto";
import { linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { CannotDecrypt, openSealed, seal } from "./seal.ts";

/**
 * The key over all tenants' data keys. It only ever wraps 32-byte keys, so a key management service
 * fits behind it; both verbs are asynchronous for that reason.
 */
export interface MasterKey {
  /** `context` is authenticated: unwrapping under another context fails. */
  wrap(input: { key: Uint8Array; context: readonly string[] }): Promise<Uint8Array>;
  /** @throws CannotDecrypt when bytes, key or context are not what was wrapped. */
  unwrap(input: { wrapped: Uint8Array; context: readonly string[] }): Promise<Uint8Array>;
}

const keyBytes = 32;

/**
 * 32 random bytes in a file of mode 0600, made on first use and never overwritten.
 *
 * @throws Error when the file has another size or others may read it.
 */
export function fileMasterKey(path: string): MasterKey {
  const masterKey = readOrCreate(path);
  return {
    async wrap({ key, context }) {
      return seal({ key: masterKey, plaintext: key, context: ["master", ...context] });
    },
    async unwrap({ wrapped, context }) {
      try {
        return openSealed({ key: masterKey, sealed: wrapped, context: ["master", ...context] });
      } catch (cause) {
        const advice = "put back the file that was there when the tenant was made";
        throw new CannotDecrypt(`${path} is not the master key of ${context.join(" / ")}: ${advice}`, {
          cause,
        });
      }
    },
  };
}

function readOrCreate(path: string): Uint8Array {
  if (!statSync(path, { throwIfNoEntry: false })) create(path);
  const others = statSync(path).mode & 0o077;
  if (others !== 0) throw new Error(`the master key ${path} is readable by others: chmod 600 it`);
  const key = readFileSync(path);
  if (key.length !== keyBytes) throw new Error(`the master key ${path} is not ${keyBytes} bytes long`);
  return key;
}

/** Written whole under another name first: a kill leaves either no key or a complete one. */
function create(path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  const unfinished = `${path}.${randomBytes(6).toString("hex")}`;
  writeFileSync(unfinished, randomBytes(keyBytes), { mode: 0o600, flush: true });
  try {
    linkSync(unfinished, path);
  } catch (error) {
    // Another process made it at the same moment: theirs counts.
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    rmSync(unfinished);
  }
}
