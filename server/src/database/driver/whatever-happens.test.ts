import fc from "fast-check";
import { expect, test } from "vitest";
import type { Sql } from "../connect.ts";
import { useDriver } from "./testing.ts";

const { admin, single } = useDriver("create table pairs (id int, half int)");
const sessionName = "whatever-happens";

type Step =
  | { do: "ask"; ms: number }
  | { do: "ask what cannot be written" }
  | { do: "cancel"; which: number }
  | { do: "transact"; ms: number }
  | { do: "kill a backend" }
  | { do: "let time pass"; ms: number };

const ms = fc.integer({ min: 0, max: 15 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: ms.map((ms) => ({ do: "ask" as const, ms })) },
  { weight: 1, arbitrary: fc.constant({ do: "ask what cannot be written" as const }) },
  { weight: 2, arbitrary: fc.nat(50).map((which) => ({ do: "cancel" as const, which })) },
  { weight: 2, arbitrary: ms.map((ms) => ({ do: "transact" as const, ms })) },
  { weight: 1, arbitrary: fc.constant({ do: "kill a backend" as const }) },
  { weight: 2, arbitrary: ms.map((ms) => ({ do: "let time pass" as const, ms })) },
);

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Its own number, or `null` for an error. */
function ask(sql: Sql, n: number, ms: number, at: Date | null = null) {
  const asked = sql<{ n: number }[]>`
    select ${n}::int as n, ${at}::timestamptz as at, pg_sleep(${ms / 1_000}::float8)::text as slept`.execute();
  const answer = asked.then(
    (rows) => ({ n, got: rows.map((row) => row?.n) }),
    () => ({ n, got: null }),
  );
  return { answer, cancel: () => Promise.resolve(asked.cancel()).catch(() => {}) };
}

/** Two halves or none. @returns whether it was committed, as far as it heard */
async function transact(sql: Sql, id: number, ms: number): Promise<boolean> {
  return sql
    .begin(async (tx) => {
      await tx`insert into pairs values (${id}, 1)`;
      await tx`select pg_sleep(${ms / 1_000}::float8)`;
      await tx`insert into pairs values (${id}, 2)`;
    })
    .then(
      () => true,
      () => false,
    );
}

/** One that never comes is a failure that shrinks. */
const inTime = <T>(work: Promise<T>): Promise<T | "nothing"> =>
  Promise.race([work, sleep(10_000).then(() => "nothing" as const)]);

async function play(max: number, steps: readonly Step[]): Promise<void> {
  await admin()`truncate pairs`;
  const sql = single({ max, session: { application_name: sessionName } });
  const asked: ReturnType<typeof ask>[] = [];
  const transactions: Promise<boolean>[] = [];
  for (const [n, now] of steps.entries()) {
    if (now.do === "ask") asked.push(ask(sql, n, now.ms));
    else if (now.do === "ask what cannot be written") asked.push(ask(sql, n, 0, new Date(Number.NaN)));
    else if (now.do === "cancel") void asked[now.which % (asked.length || 1)]?.cancel();
    else if (now.do === "transact") transactions.push(transact(sql, n, now.ms));
    else if (now.do === "let time pass") await sleep(now.ms);
    else
      await admin()`
        select pg_terminate_backend(pid, 5000) from pg_stat_activity
        where application_name = ${sessionName} order by random() limit 1`;
  }
  const answers = await inTime(Promise.all(asked.map(({ answer }) => answer)));
  if (answers === "nothing") throw new Error("an answer never came");
  for (const { n, got } of answers) expect([null, [n]]).toContainEqual(got);
  const heard = await inTime(Promise.all(transactions));
  if (heard === "nothing") throw new Error("a transaction never ended");
  const rows = await admin()`select id, count(*)::int as halves from pairs group by id`;
  expect(rows.map((row) => row.halves)).toEqual(rows.map(() => 2));
  expect(rows.length).toBeGreaterThanOrEqual(heard.filter(Boolean).length);
  // None of its connections was left useless.
  const after = Promise.all(Array.from({ length: max }, () => sql`select 1 as one`));
  expect(await inTime(after)).toHaveLength(max);
  await sql.end({ timeout: 1 });
}

test("whatever is cancelled, killed or cannot be written: each answer is its own, each transaction whole", async () => {
  const pool = fc.integer({ min: 1, max: 3 });
  const steps = fc.array(step, { minLength: 5, maxLength: 40 });
  await fc.assert(fc.asyncProperty(pool, steps, play), { numRuns: 60 });
}, 120_000);
