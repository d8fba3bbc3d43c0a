import type { Sql } from "../../database/connect.ts";

/**
 * What stands in `create database` of one that is copied from none of ours: nothing that somebody has put into
 * template1, and UTF-8 on a server whose own encoding is another.
 */
export async function ofItsOwn(admin: Pick<Sql, "unsafe">): Promise<string> {
  const [row] = await admin.unsafe<{ encoding: string }[]>(
    "select pg_encoding_to_char(encoding) as encoding from pg_database where datname = 'template0'",
  );
  // The locale that goes with every encoding.
  return `template template0${row?.encoding === "UTF8" ? "" : " encoding 'UTF8' locale 'C'"}`;
}
