import { testDatabase } from "@clarity/server/testing";
import postgres from "postgres";
import { expect, test } from "vitest";
import { ensureStandInDatabases } from "./databases.ts";

test("each stand-in enters its own database and nobody else's, a tenant's role none", async () => {
  const database = await testDatabase();
  const sql = postgres(database.url, { max: 1, onnotice: () => {} });
  const passwords = { provider: "a", netsuite: "b", d365: "c" };
  try {
    for (const _ of ["first start", "later start"]) await ensureStandInDatabases(database.url, passwords);
    const entries = await sql`
      select r.rolname as role, d.datname as database
      from pg_roles r, pg_database d
      where r.rolname in ('demo_provider', 'demo_netsuite', 'demo_d365', 'pg_monitor')
        and d.datname like 'demo_%' and has_database_privilege(r.oid, d.oid, 'connect')
      order by 1`;
    expect(entries.map(({ role, database }) => [role, database])).toEqual([
      ["demo_d365", "demo_d365"],
      ["demo_netsuite", "demo_netsuite"],
      ["demo_provider", "demo_provider"],
    ]);
  } finally {
    for (const name of ["demo_provider", "demo_netsuite", "demo_d365"]) {
      await sql.unsafe(`drop database if exists ${name} with (force)`);
      await sql.unsafe(`drop role if exists ${name}`);
    }
    await sql.end();
    await database.close();
  }
});
