import type { TenantKeys } from "../../crypto/tenant-keys.ts";
import { quoteIdentifier as quote } from "../../database/client.ts";
import type { Sql } from "../../database/connect.ts";
import { type SealedColumn, sealedColumns } from "./sealed-columns.ts";

/** Rows at a time. */
const batch = 100;

interface Row {
  id: string;
  ciphertext: Uint8Array;
  version: number;
}

/**
 * Seals every ciphertext of one tenant anew that is not under `version`. A row that somebody else writes meanwhile
 * is left as they wrote it: after the floor is raised, that is under the new key already.
 *
 * @param sql in the tenant's database, as its role
 * @param keys open the old version and seal under the new
 * @returns how many were sealed anew
 * @throws CannotDecrypt naming the place of a row that no key opens: the old key must stay
 */
export async function resealAll(input: { sql: Sql; keys: TenantKeys; version: number }): Promise<number> {
  let resealed = 0;
  for (const column of sealedColumns) {
    for (let rows = await readOld({ ...input, column }); rows.length > 0; ) {
      resealed += await writeNew({ ...input, column, rows });
      rows = await readOld({ ...input, column });
    }
  }
  return resealed;
}

/** How many ciphertexts are not under `version`. */
export async function countOld(input: { sql: Sql; version: number }): Promise<number> {
  const counts = await Promise.all(
    sealedColumns.map(async (column) => {
      const [row] = await input.sql.unsafe<{ n: number }[]>(
        `select count(*)::int as n from ${names(column).table} where ${names(column).keyVersion} <> $1`,
        [input.version],
      );
      return Number(row?.n);
    }),
  );
  return counts.reduce((sum, n) => sum + n, 0);
}

const names = ({ table, id, ciphertext, keyVersion }: SealedColumn) => ({
  table: `pay.${quote(table)}`,
  id: quote(id),
  ciphertext: quote(ciphertext),
  keyVersion: quote(keyVersion),
});

async function readOld(input: { sql: Sql; column: SealedColumn; version: number }): Promise<Row[]> {
  const { table, id, ciphertext, keyVersion } = names(input.column);
  return input.sql.unsafe<Row[]>(
    `select ${id} as id, ${ciphertext} as ciphertext, ${keyVersion} as version from ${table}
     where ${keyVersion} <> $1 order by ${id} limit ${batch}`,
    [input.version],
  );
}

async function writeNew(input: {
  sql: Sql;
  column: SealedColumn;
  keys: TenantKeys;
  version: number;
  rows: readonly Row[];
}): Promise<number> {
  const { column, keys, rows } = input;
  const { table, id, ciphertext, keyVersion } = names(column);
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
  const sealed = rows.map((row) => {
    const place = column.place(row.id);
    const secret = keys.open(place, { ciphertext: row.ciphertext, keyVersion: row.version });
    return hex(keys.seal(place, secret).ciphertext);
  });
  const written = await input.sql.unsafe(
    `update ${table} t set ${ciphertext} = decode(r.after, 'hex'), ${keyVersion} = $1
     from unnest($2::text[], $3::text[], $4::text[]) as r (id, before, after)
     where t.${id} = r.id and t.${ciphertext} = decode(r.before, 'hex') and t.${keyVersion} <> $1
     returning t.tenant_id`,
    [input.version, rows.map((row) => row.id), rows.map((row) => hex(row.ciphertext)), sealed] as never,
  );
  return written.length;
}
