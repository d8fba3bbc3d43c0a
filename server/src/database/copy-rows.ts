import { pipeline } from "node:stream/promises";
import type { Sql } from "./connect.ts";

type Session = Pick<Sql, "unsafe">;

/**
 * Streams rows from one connection to another, at the pace of the slower.
 *
 * @param rows table and columns, quoted, such as `pay.users (id, email)`; the same on both sides
 */
export async function copyRows({
  from,
  into,
  rows,
}: {
  from: Session;
  into: Session;
  rows: string;
}): Promise<void> {
  const source = await from.unsafe(`copy ${rows} to stdout`).readable();
  await pipeline(source, await into.unsafe(`copy ${rows} from stdin`).writable());
  // postgres.js stops its socket when the stream is full and starts it again when more is read. After the last row
  // nobody reads on, and if that row filled the stream, the connection would stay stopped: its next answer never comes.
  source._read(0);
}
