import { expect, test } from "vitest";
import { backendOf, failureOf, useDriver } from "./testing.ts";

const { admin, single, asleep } = useDriver("create table kept (n int); create table plan (n int, v int)");

test("an answer that failed after some of its rows leaves nothing in the next answer", async () => {
  const sql = single();
  expect(await failureOf(sql`select 1 / (n - 5) from generate_series(1, 10) as n`)).toBe("22012");
  expect(await sql`select 1 as one`).toEqual([{ one: 1 }]);
});

test("who stands in line behind a question that is cancelled there has their own answer", async () => {
  const sql = single();
  const pid = await backendOf(sql);
  const ask = (n: number, seconds = 0) =>
    sql`select ${n}::int as n, pg_sleep(${seconds}::float8)::text as slept`;
  // Prepared: else each would wait for the one before.
  await ask(0);
  const first = ask(1, 0.5).execute();
  const cancelled = ask(2, 30).execute();
  const failure = failureOf(cancelled);
  const behind = [ask(3), ask(4)].map((asked) => asked.execute());
  await asleep(pid);
  cancelled.cancel();
  expect(await first).toMatchObject([{ n: 1 }]);
  expect(await failure).toBe("57014");
  expect(await Promise.all(behind)).toMatchObject([[{ n: 3 }], [{ n: 4 }]]);
  expect(await ask(5)).toMatchObject([{ n: 5 }]);
});

test("a cancellation that reaches nobody fails where it was asked for, not the process", async () => {
  const sql = single();
  const pid = await backendOf(sql);
  const asked = sql`select pg_sleep(0.5)`.execute();
  await asleep(pid);
  // Where nobody listens.
  Object.assign(sql.options, { port: [1] });
  expect(await failureOf(Promise.resolve(asked.cancel()))).toBe("ECONNREFUSED");
  await asked;
});

test("questions whose table changed, and those that come while they are put again, have their own answers", async () => {
  const sql = single();
  await admin()`insert into plan values (1, 10), (2, 20), (3, 30)`;
  const ask = (n: number) => sql<{ n: number; v: number | bigint }[]>`select n, v from plan where n = ${n}`;
  const other = (n: number) => sql<{ other: number }[]>`select ${n}::int as other`;
  await ask(1);
  await other(1);
  await admin()`alter table plan alter v type bigint`;
  const asked = [1, 2, 3].map((n) => ask(n).execute());
  const others: Promise<{ other: number }[]>[] = [];
  for (let n = 100; n < 160; n++) {
    others.push(other(n).execute());
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect((await Promise.all(asked)).flat()).toEqual([1, 2, 3].map((n) => ({ n, v: BigInt(n * 10) })));
  expect((await Promise.all(others)).flat()).toEqual(others.map((_, n) => ({ other: 100 + n })));
});

test("a value that cannot be written fails its own question, and nobody else's in the line", async () => {
  const sql = single();
  const pid = await backendOf(sql);
  const ask = (n: number, at: Date, seconds = 0) =>
    sql`select ${n}::int as n, ${at}::timestamptz as at, pg_sleep(${seconds}::float8)::text as slept`;
  await ask(0, new Date());
  const first = ask(1, new Date(), 0.3).execute();
  await asleep(pid);
  const bad = failureOf(ask(2, new Date(Number.NaN)));
  const behind = [ask(3, new Date()), ask(4, new Date())].map((asked) => asked.execute());
  expect(await first).toMatchObject([{ n: 1 }]);
  expect(await bad).not.toBe("none");
  expect(await Promise.all(behind)).toMatchObject([[{ n: 3 }], [{ n: 4 }]]);
});

test("a transaction that begins behind a full line of questions keeps its connection to itself", async () => {
  const sql = single();
  await sql`select 1`;
  const line = Array.from({ length: 100 }, () => sql`select 1 as one`.execute());
  const transaction = failureOf(sql.begin((tx) => tx`insert into kept values (1)`));
  const after = sql`insert into kept values (2)`.execute();
  expect(await Promise.all(line)).toHaveLength(100);
  expect(await transaction).toBe("none");
  await after;
  expect(await admin()`select n from kept order by n`).toEqual([{ n: 1 }, { n: 2 }]);
});

test("a connection may be reserved before there is any, and while none is free", async () => {
  const sql = single();
  const first = await sql.reserve();
  const pid = await backendOf(first);
  first.release();
  const busy = sql`select pg_sleep(0.2)`.execute();
  await asleep(pid);
  const held = await sql.reserve();
  expect(await held`select 1 as one`).toEqual([{ one: 1 }]);
  held.release();
  await busy;
});

test("a question cancelled before it was sent leaves its connection to the next", async () => {
  const sql = single();
  const cancelled = () => {
    const asked = sql`select 1`.execute();
    asked.cancel();
    return failureOf(asked);
  };
  // Once while it connects, once when it has.
  for (const _ of [1, 2]) {
    expect(await cancelled()).toBe("57014");
    expect(await sql`select 1 as one`).toEqual([{ one: 1 }]);
  }
});
