import { testDatabase } from "@clarity/server/testing";
import postgres from "postgres";
import { expect, test } from "vitest";
import { openDatabase as openSandbox } from "../provider/database/database.ts";
import { openDatabase } from "./database.ts";

test.each([
  ["a stand-in's", (url: string) => openDatabase(url, "create table if not exists days (day date)")],
  ["the sandbox's", openSandbox],
])("%s database says dates and bytes as ever on a server with other defaults", async (_, open) => {
  const database = await testDatabase();
  const admin = postgres(database.url, { max: 1, onnotice: () => {} });
  const name = new URL(database.url).pathname.slice(1);
  for (const setting of [
    "DateStyle = 'German, DMY'",
    "TimeZone = 'Asia/Kathmandu'",
    "bytea_output = 'escape'",
    "default_transaction_read_only = on",
  ])
    await admin.unsafe(`alter database ${name} set ${setting}`);
  const sql = await open(database.url);
  const [row] = await sql`
    select '2026-03-04'::date::text as day, timestamptz '2026-03-04 05:06:07Z' as at, '\\x00ff'::bytea as bytes`;
  expect(row).toEqual({
    day: "2026-03-04",
    at: new Date("2026-03-04T05:06:07Z"),
    bytes: Buffer.from([0, 255]),
  });
  await sql.end();
  await admin.end();
  await database.close();
});
