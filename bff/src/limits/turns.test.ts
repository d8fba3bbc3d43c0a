import { expect, test, vi } from "vitest";
import { createTurns } from "./turns.ts";

/** Work that lasts until it is ended, and in which order it began. */
function createWork(turns: ReturnType<typeof createTurns>) {
  const began: string[] = [];
  const ends: (() => void)[] = [];
  return {
    began,
    async start(name: string, asker: string, lane = "a") {
      const end = await turns.take({ lane, asker });
      began.push(name);
      ends.push(end);
    },
    async endAll() {
      for (let end = ends.shift(); end; end = ends.shift()) {
        end();
        await new Promise(setImmediate);
      }
    },
  };
}

test("so much runs at once in a lane, another lane is its own", async () => {
  const { began, start } = createWork(createTurns({ atOnce: 2 }));
  const started = [start("1", "x"), start("2", "x"), start("3", "x")];
  await Promise.all(started.slice(0, 2));
  await start("other", "x", "b");
  expect(began).toEqual(["1", "2", "other"]);
});

test("who has one waiting is served beside who has many, however late it came", async () => {
  const { began, start, endAll } = createWork(createTurns({ atOnce: 1 }));
  await start("first", "flood");
  const all = [1, 2, 3, 4].map((n) => start(`flood ${n}`, "flood"));
  all.push(start("payer", "payer"), start("flood too", "other flood"), start("other payer", "other payer"));
  await endAll();
  await Promise.all(all);
  expect(began.indexOf("payer")).toBe(2);
  expect(began.indexOf("other payer")).toBe(4);
  expect(began).toHaveLength(8);
});

test("who waits too long, or has too many waiting, is refused, and takes nobody's turn", async () => {
  vi.useFakeTimers();
  const turns = createTurns({ atOnce: 1, patienceMs: 1_000 });
  const end = await turns.take({ lane: "a", asker: "x" });
  const late = expect(turns.take({ lane: "a", asker: "y" })).rejects.toMatchObject({ code: "rate_limited" });
  await vi.advanceTimersByTimeAsync(1_000);
  await late;
  const waiting = Array.from({ length: 50 }, () => turns.take({ lane: "a", asker: "x" }));
  await expect(turns.take({ lane: "a", asker: "x" })).rejects.toMatchObject({ code: "rate_limited" });
  const served = turns.take({ lane: "a", asker: "z" });
  end();
  (await waiting[0])?.();
  await served;
  vi.useRealTimers();
  for (const one of waiting) one.catch(() => {});
});
