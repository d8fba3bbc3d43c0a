import { createServer } from "node:net";
import { expect, test } from "vitest";
import { copyRows } from "../copy-rows.ts";
import { backendOf, failureOf, useDriver } from "./testing.ts";

const { admin, single, asleep, atEnd } = useDriver(`
  create table kept (n int);
  create schema target;
  create table rows (id int, filling text);
  create table target.rows (id int primary key, filling text)`);

test.each([
  ["its last rows are refused", 2, 1],
  ["its first of many rows are refused", 50_000, 1_000],
])("a copy fails when %s, and both connections serve the next", async (_, rows, bytes) => {
  await admin()`truncate rows`;
  await admin()`insert into rows select 1, repeat('x', ${bytes}) from generate_series(1, ${rows})`;
  const from = single();
  const into = single({ session: { search_path: "target" } });
  const copied = from.begin((source) =>
    into.begin((target) => copyRows({ from: source, into: target, rows: "rows (id, filling)" })),
  );
  expect(await failureOf(copied)).toBe("23505");
  expect(await from`select 1 as one`).toEqual([{ one: 1 }]);
  expect(await into`select 1 as one`).toEqual([{ one: 1 }]);
});

test("what waits when its pool ends is refused, and leaves no session behind", async () => {
  const sql = single({ session: { application_name: "ending" } });
  const pid = await backendOf(sql);
  const first = failureOf(sql`select pg_sleep(${0.3}::float8)`);
  await asleep(pid);
  const waiting = failureOf(sql`insert into kept values (${1})`.execute());
  await sql.end({ timeout: 5 });
  expect([await first, await waiting]).toEqual(["none", "CONNECTION_CLOSED"]);
  expect(await admin()`select from pg_stat_activity where application_name = 'ending'`).toHaveLength(0);
});

test("a pool ends in its time though the server says nothing, and keeps no socket", async () => {
  const sockets = () => process.getActiveResourcesInfo().filter((name) => name === "TCPSocketWrap").length;
  await admin()`select 1`;
  const before = sockets();
  const sql = single();
  const pid = await backendOf(sql);
  process.kill(pid, "SIGSTOP");
  atEnd(async () => process.kill(pid, "SIGCONT"));
  const asked = failureOf(sql`select 1`.execute());
  await sql.end({ timeout: 0.2 });
  expect(await asked).toBe("CONNECTION_DESTROYED");
  await expect.poll(sockets).toBe(before);
});

test("a server that hangs up while one connects is asked once and is away", async () => {
  let calls = 0;
  const server = createServer((socket) => {
    calls++;
    socket.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  atEnd(async () => server.close());
  const { port } = server.address() as { port: number };
  expect(await failureOf(single({ url: `postgres://nobody@127.0.0.1:${port}/none` })`select 1`)).toBe(
    "CONNECTION_CLOSED",
  );
  expect(calls).toBe(1);
});
