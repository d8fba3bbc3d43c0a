import type { Sql } from "../../database/connect.ts";

/** What a tenant's database holds, by table: `pay.…` and `public.schema_migrations`. */
export type Contents = Readonly<Record<string, TableContents>>;

export interface TableContents {
  readonly rows: number;
  /** Sum over 64 bits of each row's SHA-256, so of any order. Digits. */
  readonly checksum: string;
}

/** Of the session that reads contents: what checksums that are kept were made of. */
export const contentsSession = { IntervalStyle: "iso_8601", extra_float_digits: 3 };

/** As of the session's snapshot; the session must be one that sees every row. */
export async function readContents(sql: Pick<Sql, "unsafe">): Promise<Contents> {
  const tables = await sql.unsafe<{ name: string }[]>(`
    select format('%I.%I', n.nspname, c.relname) as name
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'r' and (n.nspname = 'pay' or c.oid = 'public.schema_migrations'::regclass)
    order by n.nspname, c.relname`);
  const contents: Record<string, TableContents> = {};
  for (const { name } of tables) {
    const [row] = await sql.unsafe<TableContents[]>(`
      select count(*)::int as rows, coalesce(sum(
        ('x' || left(encode(sha256(convert_to(t::text, 'UTF8')), 'hex'), 16))::bit(64)::bigint::numeric
      ), 0)::text as checksum from ${name} t`);
    if (!row) throw new Error("unreachable: an aggregate answers one row");
    contents[name] = { rows: row.rows, checksum: row.checksum };
  }
  return contents;
}

/** The first table that differs, in words; null: none. */
export function difference(expected: Contents, found: Contents): string | null {
  for (const name of new Set([...Object.keys(expected), ...Object.keys(found)])) {
    const [a, b] = [expected[name], found[name]];
    if (a?.rows === b?.rows && a?.checksum === b?.checksum) continue;
    if (a && b && a.rows === b.rows) return `${name} holds other values`;
    return `${name} should hold ${a?.rows ?? "no"} rows and holds ${b?.rows ?? "none"}`;
  }
  return null;
}
