import { createHash } from "node:crypto";

/**
 * A row of `pay.audit_log` with its fields as the hash takes them: text as PostgreSQL writes it, `at` in
 * microseconds since 1970. `prevHash` and `hash` are SHA-256.
 */
export interface ChainedRow {
  id: bigint;
  at: string;
  actor: string;
  action: string;
  subject: string;
  detail: string;
  prevHash: Uint8Array;
  hash: Uint8Array;
}

/** A row as it is remembered elsewhere than in its log. */
export interface Anchor {
  headId: bigint;
  headHash: Uint8Array;
  at: Date;
}

/** What the first row follows. */
export const genesis: Uint8Array = new Uint8Array(32);

/**
 * `pay.audit_hash` once more, outside the database: whoever can edit rows there can replace the function.
 * Each field has its length in bytes in front, so that no two rows have the same text.
 */
export function hashRow(prevHash: Uint8Array, row: Omit<ChainedRow, "prevHash" | "hash">): Uint8Array {
  const hash = createHash("sha256").update(prevHash);
  for (const field of [String(row.id), row.at, row.actor, row.action, row.subject, row.detail]) {
    hash.update(`${Buffer.byteLength(field)}:${field}`);
  }
  return hash.digest();
}

export const sameHash = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;
