import { quoteIdentifier as quote, type Sql } from "../../../database/client.ts";
import type { TenantRecord } from "../../../registry/tenant-record.ts";
import { type SealedColumn, sealedColumns } from "../../keys/sealed-columns.ts";
import { type DatabasePlace, withOwner } from "./load-database.ts";

type Reader = Pick<Sql, "unsafe">;

interface Sealed {
  id: string;
  ciphertext: Uint8Array;
  version: number;
}

/**
 * A data key that was rotated away since the instant opens nothing any more, so ciphertexts under it are
 * replaced by what the tenant has there now; where it has nothing, the row goes. An embed key revoked since, often
 * because it leaked, stays revoked.
 *
 * @param replaced null: it is gone
 * @returns what went, as `table/id`
 */
export async function carrySecrets(input: {
  record: TenantRecord;
  replaced: DatabasePlace | null;
  restored: DatabasePlace;
}): Promise<string[]> {
  const { record, replaced, restored } = input;
  const known = [record.dataKey.version, record.otherDataKey?.version ?? record.dataKey.version];
  const present = replaced ? await withOwner(replaced, (sql) => readAll(sql, known)) : null;
  return withOwner(restored, async (sql) => {
    const gone: string[] = [];
    for (const column of sealedColumns) {
      const { table, id, ciphertext, keyVersion } = namesOf(column);
      const unreadable = await sql.unsafe<{ id: string }[]>(
        `select ${id} as id from ${table} where ${keyVersion} <> all (array[${known.join()}])`,
      );
      for (const row of unreadable) {
        const now = present?.secrets.get(`${column.table}/${row.id}`);
        if (now) {
          await sql.unsafe(`update ${table} set ${ciphertext} = $2, ${keyVersion} = $3 where ${id} = $1`, [
            row.id,
            now.ciphertext as Buffer,
            now.version,
          ]);
        } else {
          await sql.unsafe(`delete from ${table} where ${id} = $1`, [row.id]);
          gone.push(`${column.table}/${row.id}`);
        }
      }
    }
    for (const { id, at } of present?.revoked ?? []) {
      await sql.unsafe("update pay.embed_keys set revoked_at = $2 where id = $1 and revoked_at is null", [
        id,
        at,
      ]);
    }
    if (present?.floor != null) {
      await sql.unsafe(
        `insert into pay.key_floor (tenant_id, minimum_version) values ($1, $2)
         on conflict (only_row, tenant_id) do update
         set minimum_version = greatest(key_floor.minimum_version, excluded.minimum_version)`,
        [record.id, present.floor],
      );
    }
    return gone;
  });
}

async function readAll(sql: Reader, known: readonly number[]) {
  const secrets = new Map<string, Sealed>();
  for (const column of sealedColumns) {
    const { table, id, ciphertext, keyVersion } = namesOf(column);
    const rows = await sql.unsafe<Sealed[]>(
      `select ${id} as id, ${ciphertext} as ciphertext, ${keyVersion} as version from ${table}
       where ${keyVersion} = any (array[${known.join()}])`,
    );
    for (const row of rows) secrets.set(`${column.table}/${row.id}`, row);
  }
  const [floor] = await sql.unsafe<{ version: number }[]>(
    "select minimum_version as version from pay.key_floor",
  );
  const revoked = await sql.unsafe<{ id: string; at: string }[]>(
    "select id, revoked_at::text as at from pay.embed_keys where revoked_at is not null",
  );
  return { secrets, floor: floor?.version ?? null, revoked };
}

const namesOf = ({ table, id, ciphertext, keyVersion }: SealedColumn) => ({
  table: `pay.${quote(table)}`,
  id: quote(id),
  ciphertext: quote(ciphertext),
  keyVersion: quote(keyVersion),
});
