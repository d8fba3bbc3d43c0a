import type { Sql } from "../../database/connect.ts";
import type { TenantDb } from "../../tenant/tenant-db.ts";
import { type Anchor, loadAnchors } from "./anchors.ts";
import { type ChainedRow, genesis, hashRow, sameHash } from "./chain.ts";
import { findByHash, readChain } from "./read-chain.ts";

export type Damage =
  /** The row's fields are not those it was written with. */
  | "edited"
  /** Rows right before this one are gone. */
  | "deleted"
  /** The row was written at another place. */
  | "reordered"
  /** The row was put between others. */
  | "inserted"
  /** The row, hash and all, is not the one the next row or the registry knows. */
  | "replaced"
  /** Rows are gone from the end: this was the last one the registry knows. */
  | "truncated";

export interface Verdict {
  /** Rows read, up to the damage. */
  rows: number;
  /** Heads in the registry that were found as they were. */
  anchors: number;
  /** The newest of them; what was written after it could be cut off unnoticed. */
  anchoredUpTo: bigint | null;
  /** The first; null: the log is whole. */
  damage: { kind: Damage; row: bigint; explanation: string } | null;
}

/**
 * Reads a tenant's whole audit log through its own role and computes every hash anew, outside the database.
 * Names the first row that was edited, deleted, moved, put in or cut off, whoever did it.
 */
export async function verifyAudit(input: { registry: Sql; db: TenantDb }): Promise<Verdict> {
  const { registry, db } = input;
  const anchors = await loadAnchors(registry, db.tenant.id);
  const verdict: Verdict = { rows: 0, anchors: 0, anchoredUpTo: null, damage: null };
  const pending = anchors.values();
  let anchor = pending.next().value ?? null;
  let before: ChainedRow | null = null;
  for await (const row of readChain(db)) {
    let damage: Verdict["damage"] = (await inspect({ db, row, before })) ?? contradiction({ anchor, row });
    // Several of one row: all but one contradict it.
    while (!damage && anchor?.headId === row.id) {
      verdict.anchors++;
      verdict.anchoredUpTo = row.id;
      anchor = pending.next().value ?? null;
      damage = contradiction({ anchor, row });
    }
    if (damage) return { ...verdict, damage };
    verdict.rows++;
    before = row;
  }
  return anchor ? { ...verdict, damage: cutOff(anchor, before) } : verdict;
}

/** Whether the row is what it was written as, and stands where it was written. */
async function inspect(input: {
  db: TenantDb;
  row: ChainedRow;
  before: ChainedRow | null;
}): Promise<Verdict["damage"]> {
  const { db, row, before } = input;
  const previous = before?.hash ?? genesis;
  const linked = sameHash(row.prevHash, previous);
  const intact = sameHash(hashRow(row.prevHash, row), row.hash);
  if (linked && intact) return null;
  const edited = {
    kind: "edited",
    row: row.id,
    explanation: "its fields are not those it was written with",
  } as const;
  if (linked || sameHash(hashRow(previous, row), row.hash)) return edited;

  const last = before?.id ?? 0n;
  const follows = await placeOf(db, row.prevHash);
  if (follows !== null && intact && follows < last) {
    return {
      kind: "inserted",
      row: follows + 1n,
      explanation: `row ${row.id} was written after row ${follows}`,
    };
  }
  if (follows !== null) {
    return { kind: "reordered", row: row.id, explanation: `it was written after row ${follows}` };
  }
  if (row.id > last + 1n) {
    const explanation = `row ${row.id} was written after another than row ${last}`;
    return { kind: "deleted", row: last + 1n, explanation };
  }
  if (!intact || !before) return edited;
  return { kind: "replaced", row: last, explanation: `row ${row.id} was written after another` };
}

/** Row number; 0: the beginning; null: nowhere. */
const placeOf = async (db: TenantDb, hash: Uint8Array): Promise<bigint | null> =>
  sameHash(hash, genesis) ? 0n : findByHash(db, hash);

/** The chain is whole, and not the one the registry remembers: it was written anew. */
function contradiction(input: { anchor: Anchor | null; row: ChainedRow }): Verdict["damage"] {
  const { anchor, row } = input;
  if (!anchor || row.id < anchor.headId) return null;
  if (row.id > anchor.headId) {
    const explanation = `the registry has known it since ${anchor.at.toISOString()}`;
    return { kind: "deleted", row: anchor.headId, explanation };
  }
  if (sameHash(row.hash, anchor.headHash)) return null;
  const explanation = `it, or one before it, is not what the registry has known since ${anchor.at.toISOString()}`;
  return { kind: "replaced", row: row.id, explanation };
}

function cutOff({ headId, at }: Anchor, last: ChainedRow | null): Verdict["damage"] {
  const first = (last?.id ?? 0n) + 1n;
  const explanation = `the log ends before row ${headId}, which the registry has known since ${at.toISOString()}`;
  return { kind: "truncated", row: first, explanation };
}
