import { startupParameters } from "@clarity/server/database-session";
import postgres from "postgres";

export type Sql = postgres.Sql;

/**
 * Opens a stand-in's own database and makes its tables. Amounts are `numeric` and stay decimal text
 * here; `date` stays `YYYY-MM-DD`. Waits up to 10 s for a database that is still starting.
 */
export async function openDatabase(url: string, schema: string): Promise<Sql> {
  const sql = postgres(url, {
    max: 8,
    connection: startupParameters({ behindPooler: false, session: {} }),
    onnotice: () => {},
    types: {
      date: { to: 1082, from: [1082], serialize: String, parse: String },
      bigint: { to: 20, from: [20], serialize: String, parse: Number },
    },
  }) as unknown as Sql;
  const until = Date.now() + 10_000;
  for (;;) {
    try {
      await sql.unsafe(schema);
      return sql;
    } catch (error) {
      if (Date.now() > until || !isStarting(error)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

function isStarting(error: unknown): boolean {
  const code = (error as { code?: string }).code;
  // 57P03: the database system is starting up.
  return code === "57P03" || code === "ECONNREFUSED" || code === "CONNECT_TIMEOUT";
}
