import type { Sql } from "../database/connect.ts";
import { tenantMigrations } from "./schema.ts";

/** `create view pay.open_work with (…) as select …;` */
const created = /^create view pay\.open_work [^;]*? as\n([^;]*);/m;

/**
 * What to select open work from, for who may meet a database of any schema: an operator moves, exports, restores and
 * deletes tenants that are behind. The view; where a database is older than it, the query the view was made of, whose
 * columns are older still. Who has a tenant open asks `pay.open_work` itself.
 */
export async function openWorkIn(sql: Pick<Sql, "unsafe">): Promise<string> {
  const [row] = await sql.unsafe<{ there: boolean }[]>(
    "select to_regclass('pay.open_work') is not null as there",
  );
  return row?.there ? "pay.open_work" : `(${definition()}) open_work`;
}

function definition(): string {
  for (const { text } of tenantMigrations()) {
    const query = created.exec(text.replace(/^--.*\n/gm, ""))?.[1];
    if (query) return query;
  }
  throw new Error("unreachable: a migration makes the view");
}
