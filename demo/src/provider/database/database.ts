import { readFile } from "node:fs/promises";
import { startupParameters } from "@clarity/server/database-session";
import postgres from "postgres";

export type Sql = ReturnType<typeof connect>;
/** A transaction: what changes money takes one, so that a caller cannot forget to open it. */
export type Tx = postgres.TransactionSql<{ bigint: bigint }>;
/** Reads that fit inside and outside of a transaction. */
export type Queries = postgres.ISql<{ bigint: bigint }>;

/** Opens the provider's database and makes the tables that are missing. */
export async function openDatabase(url: string): Promise<Sql> {
  const sql = connect(url);
  const schema = await readFile(new URL("./schema.sql", import.meta.url), "utf8");
  await sql.unsafe(schema);
  return sql;
}

function connect(url: string) {
  return postgres(url, {
    max: 10,
    connect_timeout: 10, // seconds
    connection: startupParameters({ behindPooler: false, session: {} }),
    types: { bigint: postgres.BigInt },
    transform: { column: { from: postgres.toCamel } },
    onnotice: () => {}, // "already exists, skipping", once a table on every start
  });
}
