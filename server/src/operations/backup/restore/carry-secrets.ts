import { quoteIdentifier as quote } from "../../../database/client.ts";
import type { Sql } from "../../../database/connect.ts";
import { type SealedColumn, sealedColumns } from "../../keys/sealed-columns.ts";
import { type DatabasePlace, isThere, withOwner } from "./load-database.ts";
import type { Switching } from "./switch-database.ts";

type Reader = Pick<Sql, "unsafe">;

/** A row of a table with a sealed column, whole, as JSON. */
interface SealedRow {
  readonly id: string;
  readonly row: string;
}

/**
 * A data key that was rotated away since the instant opens nothing any more, so rows sealed under it are replaced by
 * what the tenant has there now; where it has nothing, the row goes. Which they are stands in the registry before
 * one of them goes: a run may be killed after, and the tenant be served, and set them, before the next. An embed key
 * revoked since, often because it leaked, stays revoked.
 *
 * @param replaced null: it is gone
 * @returns what went, as `table/id`
 */
export async function carrySecrets(
  input: Switching & { replaced: DatabasePlace | null; restored: DatabasePlace },
): Promise<string[]> {
  const { record, replaced, restored } = input;
  const known = [record.dataKey.version, record.otherDataKey?.version ?? record.dataKey.version];
  const found = await withOwner(restored, (sql) => findUnreadable(sql, known));
  const unreadable = await remember({ ...input, found });
  const present = replaced ? await withOwner(replaced, (sql) => readAll(sql, { known, unreadable })) : null;
  return withOwner(restored, async (sql) => {
    const gone: string[] = [];
    // The floor that a rotation under way has raised, and an earlier run carried here, refuses what is sealed under
    // the older of its two keys; that opens still, and the rotation seals it anew when it goes on.
    const raised = await readFloor(sql);
    if (raised !== null) await sql.unsafe("delete from pay.key_floor");
    for (const column of sealedColumns) {
      const { table, id } = namesOf(column);
      const ids = idsOf(column, unreadable);
      const rows = present?.rows.get(column) ?? [];
      await sql.unsafe(`delete from ${table} where ${id} = any ($1::text[])`, [ids] as never);
      for (const { row } of rows) {
        await sql.unsafe(
          `insert into ${table} select (jsonb_populate_record(null::${table}, $1::text::jsonb)).*`,
          [row],
        );
      }
      const carried = new Set(rows.map((row) => row.id));
      gone.push(...ids.filter((id) => !carried.has(id)).map((id) => nameOf(column, id)));
    }
    for (const { id, at } of present?.revoked ?? []) {
      await sql.unsafe("update pay.embed_keys set revoked_at = $2 where id = $1 and revoked_at is null", [
        id,
        at,
      ]);
    }
    const floor = Math.max(raised ?? 0, present?.floor ?? 0);
    if (floor > 0) {
      const values = [record.id, floor];
      await sql.unsafe("insert into pay.key_floor (tenant_id, minimum_version) values ($1, $2)", values);
    }
    return gone;
  });
}

async function findUnreadable(sql: Reader, known: readonly number[]): Promise<string[]> {
  const found: string[] = [];
  for (const column of sealedColumns) {
    const { table, id, keyVersion } = namesOf(column);
    const rows = await sql.unsafe<{ id: string }[]>(
      `select ${id} as id from ${table} where ${keyVersion} <> all (array[${known.join()}])`,
    );
    found.push(...rows.map((row) => nameOf(column, row.id)));
  }
  return found;
}

/** @returns what this run found and those before it */
async function remember({
  ctx,
  restore,
  found,
}: Switching & { found: readonly string[] }): Promise<readonly string[]> {
  const [row] = await ctx.registry.sql<{ unreadable: string[] }[]>`
    update restores set unreadable_secrets =
      array(select distinct name from unnest(unreadable_secrets || ${found}::text[]) as name order by name)
    where id = ${restore.id} returning unreadable_secrets as unreadable`;
  if (!row) throw new Error(`restore ${restore.id} vanished from the registry`);
  return row.unreadable;
}

async function readAll(sql: Reader, input: { known: readonly number[]; unreadable: readonly string[] }) {
  const { known, unreadable } = input;
  const rows = new Map<SealedColumn, SealedRow[]>();
  for (const column of sealedColumns) {
    const { table, id, keyVersion } = namesOf(column);
    if (!(await isThere(sql, table))) continue;
    const found = await sql.unsafe<SealedRow[]>(
      `select ${id} as id, to_jsonb(t)::text as row from ${table} t
       where ${id} = any ($1::text[]) and ${keyVersion} = any (array[${known.join()}])`,
      [idsOf(column, unreadable)] as never,
    );
    rows.set(column, found);
  }
  return { rows, floor: await readFloor(sql), revoked: await readRevoked(sql) };
}

/** @returns null: any key may seal */
async function readFloor(sql: Reader): Promise<number | null> {
  if (!(await isThere(sql, "pay.key_floor"))) return null;
  const [floor] = await sql.unsafe<{ version: number }[]>(
    "select minimum_version as version from pay.key_floor",
  );
  return floor?.version ?? null;
}

async function readRevoked(sql: Reader): Promise<{ id: string; at: string }[]> {
  if (!(await isThere(sql, "pay.embed_keys"))) return [];
  return sql.unsafe<{ id: string; at: string }[]>(
    "select id, revoked_at::text as at from pay.embed_keys where revoked_at is not null",
  );
}

const nameOf = ({ table }: SealedColumn, id: string) => `${table}/${id}`;

const idsOf = (column: SealedColumn, names: readonly string[]): string[] => {
  const prefix = nameOf(column, "");
  return names.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
};

const namesOf = ({ table, id, keyVersion }: SealedColumn) => ({
  table: `pay.${quote(table)}`,
  id: quote(id),
  keyVersion: quote(keyVersion),
});
