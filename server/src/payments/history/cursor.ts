import type { PaymentQuery } from "../../../contract/index.ts";

export type Sort = PaymentQuery["sort"];

/** Where a page ended: what it is sorted by (microseconds since 1970, or minor units) and the row's id. */
export interface Position {
  key: bigint;
  id: string;
}

const [first, last] = ["00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"];
/** Before every row: a year beyond 2200, or more than a bigint of money holds. */
const starts: Readonly<Record<Sort, Position>> = {
  newest: { key: 9_000_000_000_000_000n, id: last },
  oldest: { key: -1n, id: first },
  largest: { key: 9_223_372_036_854_775_807n, id: last },
  smallest: { key: -1n, id: first },
};

export const startOf = (sort: Sort): Position => starts[sort];

export const writeCursor = ({ key, id }: Position): string => `${key}.${id}`;

/** null: no cursor of ours. */
export function readCursor(cursor: string): Position | null {
  const parts = /^(\d{1,19})\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.exec(cursor);
  const [, key = "", id = ""] = parts ?? [];
  if (!parts || BigInt(key) > starts.largest.key) return null;
  return { key: BigInt(key), id };
}
