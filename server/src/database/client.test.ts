import { afterAll, beforeAll, expect, test } from "vitest";
import { testDatabase } from "../testing/postgres.ts";
import { isUnavailable } from "./client.ts";
import { connect, type Sql } from "./connect.ts";

let database: Awaited<ReturnType<typeof testDatabase>>;
let sql: Sql;
beforeAll(async () => {
  database = await testDatabase();
  sql = connect({ url: database.url, max: 2 });
  await sql`create table balances (id int primary key, minor bigint check (minor >= 0))`;
  await sql`insert into balances values (1, 0), (2, 0)`;
});
afterAll(async () => {
  await sql.end({ timeout: 1 });
  await database.close();
});

const failureOf = (work: PromiseLike<unknown>) =>
  Promise.resolve(work).then(
    () => null,
    (error: unknown) => error,
  );

test("the loser of a deadlock may ask again", async () => {
  const bothHold = Promise.withResolvers<void>();
  let holding = 0;
  const take = (first: number, second: number) =>
    sql.begin(async (tx) => {
      await tx`update balances set minor = minor + 1 where id = ${first}`;
      if (++holding === 2) bothHold.resolve();
      await bothHold.promise;
      await tx`update balances set minor = minor + 1 where id = ${second}`;
    });
  const failures = await Promise.all([failureOf(take(1, 2)), failureOf(take(2, 1))]);
  expect(failures.filter((error) => error !== null).map(isUnavailable)).toEqual([true]);
});

test("a database that became a read-only standby is away, not wrong", async () => {
  const write = sql.begin("read only", (tx) => tx`update balances set minor = 1`);
  expect(isUnavailable(await failureOf(write))).toBe(true);
});

test("a statement that can never work is no outage", async () => {
  expect(isUnavailable(await failureOf(sql`update balances set minor = -1`))).toBe(false);
  expect(isUnavailable(await failureOf(sql`select nonsense`))).toBe(false);
});

test("a statement that was prepared before a table changed runs after it, with the values it was given", async () => {
  const one = connect({ url: database.url, max: 1 });
  await one`
    create table kept (id bigint, raw bytea, yes bool, no bool, doc jsonb, text_doc jsonb, names text[], at timestamptz,
      day date)`;
  const keep = (id: bigint) => one`
    insert into kept values (${id}, ${Buffer.from([0, 92, 255])}, ${true}, ${false},
      ${one.json({ a: ["b"] })}, ${one.typed({ toJSON: () => '{"a":1}' } as never, 3802)},
      ${["x", 'y"\\']}::text[], ${new Date(5)}, ${"2026-11-26"}::date)
    returning *`;
  const [before] = await keep(1n);
  await one`alter table kept add column later int`;
  // PostgreSQL says "cached plan must not change result type", and the driver prepares it anew.
  const [after] = await keep(2n);
  expect(after).toEqual({ ...before, id: 2n, later: null });
  expect(after).toMatchObject({ raw: Buffer.from([0, 92, 255]), yes: true, no: false, text_doc: '{"a":1}' });
  await one.end();
});
