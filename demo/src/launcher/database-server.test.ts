import { testDatabase } from "@clarity/server/testing";
import postgres from "postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startDatabaseServer } from "./database-server.ts";

const names = { able: "own_server_able", weak: "own_server_weak" };
let database: Awaited<ReturnType<typeof testDatabase>>;
let sql: postgres.Sql;
beforeAll(async () => {
  database = await testDatabase();
  sql = postgres(database.url, { max: 1, onnotice: () => {} });
  await sql.unsafe(`create role ${names.able} login createdb createrole password 'secret-1'`);
  await sql.unsafe(`create role ${names.weak} login createdb password 'secret-2'`);
});
afterAll(async () => {
  for (const name of Object.values(names)) {
    await sql.unsafe(`drop owned by ${name}`);
    await sql.unsafe(`drop role ${name}`);
  }
  await sql.end();
  await database.close();
});

const start = (url: string) =>
  startDatabaseServer({ url, dataDir: "", port: 0, logFile: "", report: () => {} });

function urlOf(username: string, password: string): string {
  const url = new URL(database.url);
  return Object.assign(url, { username, password }).href;
}

test("a server of one's own is taken as it is, with a role that may make roles and databases", async () => {
  const url = urlOf(names.able, "secret-1");
  await sql.unsafe(`grant connect on database ${new URL(url).pathname.slice(1)} to ${names.able}`);
  expect((await start(url)).adminUrl).toBe(url);
});

test("one that does not do is refused in words that name DATABASE_URL and no password", async () => {
  await sql.unsafe(`grant connect on database ${new URL(database.url).pathname.slice(1)} to ${names.weak}`);
  const closed = new URL(database.url);
  closed.port = "1";
  for (const [url, why] of [
    [urlOf(names.weak, "secret-2"), "that role may not"],
    [urlOf(names.able, "secret-wrong"), "password authentication failed"],
    [closed.href, "ECONNREFUSED"],
    ["secret-nonsense", "is no URL"],
    ["mysql://root:secret-3@127.0.0.1/x", "is no URL"],
  ] as const) {
    const message = await start(url).then(String, (error: Error) => error.message);
    expect(message).toContain("DATABASE_URL");
    expect(message).toContain(why);
    expect(message).toContain("a role that may create databases and roles");
    expect(message).not.toContain("secret-");
  }
});
