import type { Sql } from "../database/connect.ts";
import type { TenantDb } from "../tenant/tenant-db.ts";
import { loadAnchors } from "./anchors.ts";
import { type Anchor, type ChainedRow, genesis, hashRow, sameHash } from "./chain.ts";
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

/** A log, and what is remembered of it elsewhere. */
export interface Chain {
  /** All of it, in order of number. */
  read(): AsyncIterable<ChainedRow>;
  /** The number of a row with this hash; null: there is none. */
  find(hash: Uint8Array): Promise<bigint | null>;
  /** By row number. */
  anchors: readonly Anchor[];
  /** Who remembers them, for people. */
  keeper: string;
}

/** A tenant's whole audit log, read through its own role. */
export async function verifyAudit(input: { registry: Sql; db: TenantDb }): Promise<Verdict> {
  const { registry, db } = input;
  return verifyChain({
    read: () => readChain(db),
    find: (hash) => findByHash(db, hash),
    anchors: await loadAnchors(registry, db.tenant.id),
    keeper: "the registry",
  });
}

/**
 * Computes every hash anew, outside the database. Names the first row that was edited, deleted, moved, put in or cut
 * off, whoever did it.
 */
export async function verifyChain(chain: Chain): Promise<Verdict> {
  const { anchors, keeper } = chain;
  const verdict: Verdict = { rows: 0, anchors: 0, anchoredUpTo: null, damage: null };
  const pending = anchors.values();
  let anchor = pending.next().value ?? null;
  let before: ChainedRow | null = null;
  for await (const row of chain.read()) {
    let damage: Verdict["damage"] =
      (await inspect({ chain, row, before })) ?? contradiction({ anchor, row, keeper });
    // Several of one row: all but one contradict it.
    while (!damage && anchor?.headId === row.id) {
      verdict.anchors++;
      verdict.anchoredUpTo = row.id;
      anchor = pending.next().value ?? null;
      damage = contradiction({ anchor, row, keeper });
    }
    if (damage) return { ...verdict, damage };
    verdict.rows++;
    before = row;
  }
  return anchor ? { ...verdict, damage: cutOff({ anchor, last: before, keeper }) } : verdict;
}

/** Whether the row is what it was written as, and stands where it was written. */
async function inspect(input: {
  chain: Chain;
  row: ChainedRow;
  before: ChainedRow | null;
}): Promise<Verdict["damage"]> {
  const { chain, row, before } = input;
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
  const follows = await placeOf(chain, row.prevHash);
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
const placeOf = async (chain: Chain, hash: Uint8Array): Promise<bigint | null> =>
  sameHash(hash, genesis) ? 0n : chain.find(hash);

/** The chain is whole, and not the one that is remembered: it was written anew. */
function contradiction(input: { anchor: Anchor | null; row: ChainedRow; keeper: string }): Verdict["damage"] {
  const { anchor, row, keeper } = input;
  if (!anchor || row.id < anchor.headId) return null;
  if (row.id > anchor.headId) {
    const explanation = `${keeper} has known it since ${anchor.at.toISOString()}`;
    return { kind: "deleted", row: anchor.headId, explanation };
  }
  if (sameHash(row.hash, anchor.headHash)) return null;
  const explanation = `it, or one before it, is not what ${keeper} has known since ${anchor.at.toISOString()}`;
  return { kind: "replaced", row: row.id, explanation };
}

function cutOff(input: { anchor: Anchor; last: ChainedRow | null; keeper: string }): Verdict["damage"] {
  const { anchor, last, keeper } = input;
  const first = (last?.id ?? 0n) + 1n;
  const explanation = `the log ends before row ${anchor.headId}, which ${keeper} has known since ${anchor.at.toISOString()}`;
  return { kind: "truncated", row: first, explanation };
}
