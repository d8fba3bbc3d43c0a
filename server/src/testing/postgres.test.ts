import postgres from "postgres";
import { expect, test } from "vitest";
import { testDatabase } from "./postgres.ts";

test("a test database is empty, PostgreSQL 18, and gone after close", async () => {
  const database = await testDatabase();
  const sql = postgres(database.url, { max: 1 });
  const [row] = await sql`
    select current_setting('server_version_num')::int as version,
           (select count(*)::int from pg_tables where schemaname = 'public') as tables`;
  expect(row).toMatchObject({ tables: 0 });
  expect(row?.version).toBeGreaterThanOrEqual(180000);
  await sql.end();
  await database.close();
  await expect(postgres(database.url, { max: 1 })`select 1`).rejects.toMatchObject({ code: "3D000" });
});
