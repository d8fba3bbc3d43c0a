import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type TestDatabase, testDatabase } from "../testing/postgres.ts";
import { temporaryFolders } from "../testing/temporary-folder.ts";
import { connect, type Sql } from "./connect.ts";
import { migrate, readMigrations } from "./migrate.ts";

let database: TestDatabase;
let sql: Sql;
beforeEach(async () => {
  database = await testDatabase();
  sql = connect({ url: database.url, max: 3 });
});
afterEach(async () => {
  await sql.end();
  await database.close();
});

const folder = temporaryFolders();

function files(texts: Record<string, string>) {
  const directory = folder();
  for (const [name, text] of Object.entries(texts)) writeFileSync(join(directory, name), text);
  return readMigrations(directory);
}
const first = { "0001_a.sql": "create table a (n int);" };
const second = { ...first, "0002_b.sql": "insert into a values (1); insert into a values (2);" };

test("runs each file once, in order, and says the version", async () => {
  await expect(migrate({ sql, migrations: files(first) })).resolves.toBe(1);
  await expect(migrate({ sql, migrations: files(second) })).resolves.toBe(2);
  await expect(migrate({ sql, migrations: files(second) })).resolves.toBe(2);
  expect(await sql`select n from a order by n`).toEqual([{ n: 1 }, { n: 2 }]);
});

test("a file that fails leaves nothing of itself, and runs whole the next time", async () => {
  const broken = { ...first, "0002_b.sql": "insert into a values (1); insert into nowhere values (2);" };
  await expect(migrate({ sql, migrations: files(broken) })).rejects.toThrow("0002_b.sql failed");
  expect(await sql`select n from a`).toEqual([]);
  await expect(migrate({ sql, migrations: files(second) })).resolves.toBe(2);
});

test("a file changed after it had run is refused", async () => {
  await migrate({ sql, migrations: files(first) });
  const changed = { "0001_a.sql": "create table a (n bigint);" };
  await expect(migrate({ sql, migrations: files(changed) })).rejects.toThrow("0001_a.sql was changed");
});

test("a gap in the numbers is refused", () => {
  expect(() => files({ ...first, "0003_c.sql": "" })).toThrow("should have number 2");
});

test("many at once run each file once", async () => {
  const migrations = files(second);
  const all = Array.from({ length: 3 }, async () => {
    const own = connect({ url: database.url, max: 1 });
    await migrate({ sql: own, migrations }).finally(() => own.end());
  });
  await Promise.all(all);
  expect(await sql`select n from a order by n`).toEqual([{ n: 1 }, { n: 2 }]);
});

test("variables become quoted names, and casts are left alone", async () => {
  const migrations = files({ "0001_a.sql": "create table :who as select '1'::text as :who;" });
  await migrate({ sql, migrations, variables: { who: 'a "b', text: "nothing" } });
  expect(await sql`select * from "a ""b"`).toEqual([{ 'a "b': "1" }]);
});

test("the head of a file says its phase and whether its code needs it; what is elsewhere says nothing", () => {
  const read = files({
    "0001_a.sql": "create table a (n int);\n-- phase: contract\n",
    "0002_b.sql": "-- phase: expand\n-- needed: no\n\nalter table a add m int;",
    "0002_b.down.sql": "alter table a drop m;",
    "0003_c.sql": "-- What nobody reads any more.\n-- phase: contract\nalter table a drop n;",
  });
  expect(read.map(({ phase, needed, down }) => [phase, needed, down])).toEqual([
    ["expand", true, null],
    ["expand", false, "alter table a drop m;"],
    ["contract", false, null],
  ]);
});

test.each([
  [
    "an unknown phase",
    { "0001_a.sql": "-- phase: shrink\nselect 1;" },
    "phase is expand or contract, not shrink",
  ],
  [
    "a needed contract migration",
    { "0001_a.sql": "-- phase: contract\n-- needed: yes\n" },
    "must live without it",
  ],
  ["an unclear need", { "0001_a.sql": "-- needed: maybe\n" }, "needed is yes or no, not maybe"],
  ["a way back from nothing", { "0001_a.down.sql": "select 1;" }, "0001_a.down.sql takes back no migration"],
])("%s is refused", (_, texts, words) => {
  expect(() => files(texts)).toThrow(words);
});
