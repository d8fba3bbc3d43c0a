import { afterEach, expect, test } from "vitest";
import { backendOf, failureOf, useDriver } from "./testing.ts";

const { admin, single, throughProxy, kill, asleep } = useDriver("create table kept (n int)");

afterEach(() => admin()`truncate kept`);
const kept = async () => (await admin()`select n from kept order by n`).map((row) => row.n);

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
  await kill(pid);
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
      await kill(await backendOf(tx));
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
  const held = await sql.reserve();
  await kill(await backendOf(held));
  expect(await failureOf(held`insert into kept values (1)`)).toBe("CONNECTION_CLOSED");
  expect(await sql`select 1 as one`).toEqual([{ one: 1 }]);
  expect(await failureOf(held`insert into kept values (2)`)).toBe("CONNECTION_CLOSED");
  held.release();
  expect(await sql`select 1 as one`).toEqual([{ one: 1 }]);
  expect(await kept()).toEqual([]);
});

test("an answer whose backend was killed after some of its rows leaves nothing in the next answer", async () => {
  const sql = single();
  const pid = await backendOf(sql);
  const lost = failureOf(sql`
    select repeat('x', 8000) || case when n = 20 then pg_sleep(30)::text else '' end
    from generate_series(1, 20) as n`);
  await asleep(pid);
  await kill(pid);
  expect(await lost).toBe("CONNECTION_CLOSED");
  expect(await sql`select 1 as one`).toEqual([{ one: 1 }]);
});

test("what waits behind a connection that is lost, and wants no other, is refused", async () => {
  const sql = single({ onClose: () => false });
  const pid = await backendOf(sql);
  const first = failureOf(sql`select pg_sleep(${30}::float8)`);
  await asleep(pid);
  const second = failureOf(sql`insert into kept values (${2})`);
  await kill(pid);
  expect([await first, await second]).toEqual(["CONNECTION_CLOSED", "CONNECTION_CLOSED"]);
  expect(await kept()).toEqual([]);
});
