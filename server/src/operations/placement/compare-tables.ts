import { quoteIdentifier } from "../../database/client.ts";
import type { Sql } from "../../database/connect.ts";
import { CopyDiffers } from "../errors.ts";
import type { TableDigest, Verified } from "../records/move-record.ts";
import type { Run } from "./sides.ts";
import { endSessions } from "./source.ts";

export interface TableColumns {
  readonly table: string;
  /** By name, without those that are computed from others. */
  readonly columns: readonly string[];
}

/** The tenant's tables as the catalogue has them: a new one needs no code here. */
export async function tablesOf(sql: Pick<Sql, "unsafe">): Promise<TableColumns[]> {
  const rows = await sql.unsafe<{ table: string; column: string }[]>(`
    select c.relname as table, a.attname as column
    from pg_class c join pg_attribute a on a.attrelid = c.oid
    where c.relnamespace = 'pay'::regnamespace and c.relkind = 'r'
      and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
    order by c.relname collate "C", a.attname collate "C"`);
  return [...Map.groupBy(rows, ({ table }) => table)].map(([table, columns]) => ({
    table,
    columns: columns.map(({ column }) => column),
  }));
}

/**
 * Counts and checksums of every table, on both sides at once, and whether both have the same migrations. The
 * source is closed; a login that was under way when it was closed shows up now, and ends the move.
 *
 * @throws CopyDiffers
 */
export async function verify(run: Run): Promise<void> {
  const { ctx, move, source, target } = run;
  if ((await endSessions(run)) > 0)
    throw new Error("somebody entered as the source was closed: run it again");
  const [left, arrived] = await Promise.all([digestAll(source.database), digestAll(target.database)]);
  for (const table of new Set([...Object.keys(left), ...Object.keys(arrived)])) {
    const [a, b] = [left[table], arrived[table]];
    if (a?.rows === b?.rows && a?.checksum === b?.checksum) continue;
    throw new CopyDiffers(
      `${table} has ${a?.rows ?? "no"} rows at the source and ${b?.rows ?? "no"} at the target` +
        (a?.rows === b?.rows ? ", which are not the same" : ""),
    );
  }
  const { sql } = ctx.registry;
  await sql`update moves set verified = ${sql.json(left as never)} where id = ${move.id}`;
}

async function digestAll(sql: Sql): Promise<Verified> {
  const digests: Record<string, TableDigest> = {};
  for (const { table, columns } of await tablesOf(sql)) {
    digests[table] = await digest(sql, `pay.${quoteIdentifier(table)}`, columns);
  }
  digests.schema_migrations = await digest(sql, "public.schema_migrations", ["version", "checksum"]);
  return digests;
}

/** The sum of 64 bits of each row's SHA-256, whatever the order of the rows; sessions write values alike (database/session.ts). */
async function digest(sql: Sql, table: string, columns: readonly string[]): Promise<TableDigest> {
  const row = `row(${columns.map((column) => `t.${quoteIdentifier(column)}`).join(", ")})::text`;
  const hash = `('x' || left(encode(sha256(convert_to(${row}, 'UTF8')), 'hex'), 16))::bit(64)::bigint`;
  const [answer] = await sql.unsafe<{ rows: number; checksum: string }[]>(
    `select count(*)::int as rows, coalesce(sum(${hash}::numeric), 0)::text as checksum from ${table} t`,
  );
  if (!answer) throw new Error("unreachable: an aggregate answers one row");
  return { rows: answer.rows, checksum: answer.checksum };
}
