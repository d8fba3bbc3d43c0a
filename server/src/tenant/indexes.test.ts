import postgres from "postgres";
import { expect, test } from "vitest";
import { testPlatform } from "../testing/platform.ts";

test("no index begins with tenant_id: a plan made on empty tables would read them whole for ever", async () => {
  const platform = await testPlatform();
  const { record } = await platform.createTenant("indexes");
  const url = new URL(platform.address.adminUrl);
  url.pathname = `/${record.database.name}`;
  const sql = postgres(url.href, { max: 1, fetch_types: false });
  try {
    const indexes = await sql<{ name: string; first: string }[]>`
      select i.indexrelid::regclass::text as name, a.attname as first
      from pg_index i
      join pg_class t on t.oid = i.indrelid and t.relnamespace = 'pay'::regnamespace
      left join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]`;
    expect(indexes.length).toBeGreaterThan(15);
    expect(indexes.filter(({ first }) => first === "tenant_id")).toEqual([]);
  } finally {
    await sql.end();
    await platform.close();
  }
});
