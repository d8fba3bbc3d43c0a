import type { Invoice } from "@clarity/bff/contract";
import { isPayable } from "../selection.ts";

/** Rows that are drawn, or left as they are, together. */
export const chunkRows = 25;

/** The invoices of one currency. */
export interface Group {
  currency: string;
  invoices: readonly Invoice[];
  payable: readonly Invoice[];
  chunks: readonly Chunk[];
}

export interface Chunk {
  readonly rows: readonly Invoice[];
  /** The same as long as all of them say the same. */
  readonly key: string;
}

const known = new WeakMap<readonly Invoice[], readonly Group[]>();

/** Made once for each list: a key that is pressed does not sort five thousand invoices. */
export function groupsOf(invoices: readonly Invoice[]): readonly Group[] {
  const groups =
    known.get(invoices) ??
    [...Map.groupBy(invoices, ({ currency }) => currency)].map(([currency, own]) => ({
      currency,
      invoices: own,
      payable: own.filter(isPayable),
      chunks: chunksOf(own),
    }));
  known.set(invoices, groups);
  return groups;
}

export const inChunks = <T>(all: readonly T[]): T[][] =>
  Array.from({ length: Math.ceil(all.length / chunkRows) }, (_, at) =>
    all.slice(at * chunkRows, (at + 1) * chunkRows),
  );

export function chunksOf(invoices: readonly Invoice[]): Chunk[] {
  return inChunks(invoices).map((rows) => {
    let key = "";
    return {
      rows,
      // Asked for when it is drawn.
      get key() {
        key ||= JSON.stringify(rows);
        return key;
      },
    };
  });
}
