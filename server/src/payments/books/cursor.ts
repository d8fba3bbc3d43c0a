import { z } from "zod";

const Text = z
  .string()
  .max(300)
  .refine((text) => text.isWellFormed() && !text.includes("\0"));
const Parts = z.tuple([Text, Text]);

/** Where a page ended: what it is sorted by, and the row's id. */
export interface Position {
  key: string;
  id: string;
}

export const writeCursor = ({ key, id }: Position): string =>
  Buffer.from(JSON.stringify([key, id])).toString("base64url");

/** null: no cursor of ours. */
export function readCursor(cursor: string): Position | null {
  try {
    const [key, id] = Parts.parse(JSON.parse(Buffer.from(cursor, "base64url").toString()));
    return { key, id };
  } catch {
    return null;
  }
}
