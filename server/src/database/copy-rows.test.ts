import { expect, test } from "vitest";
import { testDatabase } from "../testing/index.ts";
import { connect } from "./connect.ts";
import { copyRows } from "./copy-rows.ts";

test("one table after the other is copied on one connection, however many bytes the last row leaves in the stream", async () => {
  const [source, target] = await Promise.all([testDatabase(), testDatabase()]);
  const from = connect({ url: source.url, max: 1 });
  const into = connect({ url: target.url, max: 1 });
  const sizes = [9, 61, 78, 96, 131, 174, 261, 900];
  for (const sql of [from, into]) {
    for (const kb of sizes) await sql.unsafe(`create table t${kb} (id int, text text)`);
  }
  for (const kb of sizes) {
    await from.unsafe(`insert into t${kb} select n, repeat('x', 1000) from generate_series(1, ${kb}) n`);
  }
  await into.begin(async (copy) => {
    for (const kb of [...sizes, ...sizes, ...sizes]) {
      await copyRows({ from, into: copy, rows: `t${kb} (id, text)` });
    }
  });
  for (const kb of sizes) {
    expect(await into.unsafe(`select count(*)::int as rows from t${kb}`)).toEqual([{ rows: 3 * kb }]);
  }
  await Promise.all([from.end(), into.end()]);
  await Promise.all([source.close(), target.close()]);
});
