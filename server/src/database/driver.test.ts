/** What postgres.js does with our patch on it (`patches/postgres.patch`): each of these fails without. */
import { createServer } from "node:net";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { testDatabase } from "../testing/postgres.ts";
import { type TcpProxy, tcpProxy } from "../testing/tcp-proxy.ts";
import { connect, errorCode, reserve, type Sql } from "./client.ts";

let database: Awaited<ReturnType<typeof testDatabase>>;
let admin: Sql;
beforeAll(async () => {
  database = await testDatabase();
  admin = connect({ url: database.url, max: 2 });
  await admin`create table kept (n int)`;
});
afterAll(async () => {
  await admin.end({ timeout: 1 });
  await database.close();
});
const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  await admin`truncate kept`;
});

/** Its only connection is the one that everything below happens to. */
function single(url = database.url): Sql {
  const sql = connect({ url, max: 1 });
  ends.push(() => sql.end({ timeout: 1 }));
  return sql;
}

async function throughProxy(): Promise<{ proxy: TcpProxy; sql: Sql }> {
  const url = new URL(database.url);
  const proxy = await tcpProxy(Number(url.port));
  ends.push(() => proxy.close());
  url.port = String(proxy.port);
  return { proxy, sql: single(url.href) };
}

const failureOf = (work: PromiseLike<unknown>) => Promise.resolve(work).then(() => "none", errorCode);
const kept = async () => (await admin`select n from kept order by n`).map((row) => row.n);

const backendOf = async (session: { unsafe: Sql["unsafe"] }) =>
  Number((await session.unsafe("select pg_backend_pid() as pid"))[0]?.pid);

/** Resolves once it has ended. */
const killBackend = async (pid: number) => void (await admin`select pg_terminate_backend(${pid}, 5000)`);

const asleep = (pid: number) =>
  expect
    .poll(() => admin`select from pg_stat_activity where pid = ${pid} and wait_event = 'PgSleep'`)
    .toHaveLength(1);

test("a transaction whose backend is killed while it asks fails, and its connection serves the next", async () => {
  const sql = single();
  const started = Promise.withResolvers<number>();
  const lost = failureOf(
    sql.begin(async (tx) => {
      started.resolve(await backendOf(tx));
      await tx`select pg_sleep(30)`;
    }),
  );
  const pid = await started.promise;
  await asleep(pid);
  await killBackend(pid);
  expect(await lost).toBe("CONNECTION_CLOSED");
  expect(await sql`select 1 as one`).toEqual([{ one: 1 }]);
});

test("a transaction whose network is cut while it asks fails, and its connection serves the next", async () => {
  const { proxy, sql } = await throughProxy();
  const started = Promise.withResolvers<number>();
  const lost = failureOf(
    sql.begin(async (tx) => {
      started.resolve(await backendOf(tx));
      await tx`select pg_sleep(1)`;
    }),
  );
  await asleep(await started.promise);
  await proxy.set("pass");
  expect(await lost).toBe("CONNECTION_CLOSED");
  expect(await sql`select 1 as one`).toEqual([{ one: 1 }]);
});

test("what a transaction asks after its connection was lost is refused, never run in the next session", async () => {
  const sql = single();
  const later = Promise.withResolvers<string[]>();
  const lost = failureOf(
    sql.begin(async (tx) => {
      await tx`insert into kept values (1)`;
      await killBackend(await backendOf(tx));
      expect(await sql`select 1 as one`).toEqual([{ one: 1 }]);
      later.resolve(
        Promise.all([failureOf(tx`insert into kept values (2)`), failureOf(tx`insert into kept values (3)`)]),
      );
    }),
  );
  expect(await lost).toBe("CONNECTION_CLOSED");
  expect(await later.promise).toEqual(["CONNECTION_CLOSED", "CONNECTION_CLOSED"]);
  expect(await kept()).toEqual([]);
});

test("a reserved connection that was lost refuses, and is the pool's again", async () => {
  const sql = single();
  const held = await reserve(sql);
  await killBackend(await backendOf(held));
  expect(await failureOf(held`insert into kept values (1)`)).toBe("CONNECTION_CLOSED");
  expect(await sql`select 1 as one`).toEqual([{ one: 1 }]);
  expect(await failureOf(held`insert into kept values (2)`)).toBe("CONNECTION_CLOSED");
  held.release();
  expect(await sql`select 1 as one`).toEqual([{ one: 1 }]);
  expect(await kept()).toEqual([]);
});

test("an answer that failed after some of its rows leaves nothing in the next answer", async () => {
  const sql = single();
  expect(await failureOf(sql`select 1 / (n - 5) from generate_series(1, 10) as n`)).toBe("22012");
  expect(await sql`select 1 as one`).toEqual([{ one: 1 }]);
});

test("an answer whose backend was killed after some of its rows leaves nothing in the next answer", async () => {
  const sql = single();
  const pid = await backendOf(sql);
  const lost = failureOf(sql`
    select repeat('x', 8000) || case when n = 20 then pg_sleep(30)::text else '' end
    from generate_series(1, 20) as n`);
  await asleep(pid);
  await killBackend(pid);
  expect(await lost).toBe("CONNECTION_CLOSED");
  expect(await sql`select 1 as one`).toEqual([{ one: 1 }]);
});

test("a transaction that begins behind a full line of questions keeps its connection to itself", async () => {
  const sql = single();
  await sql`select 1`;
  const line = Array.from({ length: 100 }, () => sql`select 1 as one`);
  const transaction = failureOf(sql.begin((tx) => tx`insert into kept values (1)`));
  const after = sql`insert into kept values (2)`;
  expect(await Promise.all(line)).toHaveLength(100);
  expect(await transaction).toBe("none");
  await after;
  expect(await kept()).toEqual([1, 2]);
});

test("a server that hangs up while one connects is asked once and is away", async () => {
  let calls = 0;
  const server = createServer((socket) => {
    calls++;
    socket.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  ends.push(async () => server.close());
  const { port } = server.address() as { port: number };
  expect(await failureOf(single(`postgres://nobody@127.0.0.1:${port}/none`)`select 1`)).toBe(
    "CONNECTION_CLOSED",
  );
  expect(calls).toBe(1);
});
