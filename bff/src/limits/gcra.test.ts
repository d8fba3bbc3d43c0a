import fc from "fast-check";
import { expect, test } from "vitest";
import { type Asking, gcraInMemory } from "./gcra.ts";

/** When those who ask at these moments, ms, pass. */
async function passes(moments: number[], rate: { atOnce: number; everyMs: number }): Promise<number[]> {
  let now = 0;
  const gcra = gcraInMemory(() => now);
  const passed: number[] = [];
  for (const moment of moments) {
    now = moment;
    if ((await gcra.ask({ key: "k", rate, asking: "counts" })) === 0) passed.push(moment);
  }
  return passed;
}

test("in no stretch of time do more pass than at once and one for each interval, however they come", async () => {
  const moments = fc.array(fc.nat(2_000), { maxLength: 200 }).map((all) => all.toSorted((a, b) => a - b));
  const rates = fc.record({
    atOnce: fc.integer({ min: 1, max: 20 }),
    everyMs: fc.integer({ min: 1, max: 300 }),
  });
  await fc.assert(
    fc.asyncProperty(moments, rates, async (asked, rate) => {
      const passed = await passes(asked, rate);
      for (const [from, first] of passed.entries()) {
        for (const [to, last] of passed.entries()) {
          if (to < from) continue;
          expect(to - from + 1).toBeLessThanOrEqual(rate.atOnce + Math.floor((last - first) / rate.everyMs));
        }
      }
    }),
  );
});

test("who keeps to the interval always passes", async () => {
  const moments = Array.from({ length: 100 }, (_, n) => n * 50);
  expect(await passes(moments, { atOnce: 1, everyMs: 50 })).toEqual(moments);
});

test("what passes of a flood comes one by one, not by doses", async () => {
  const flood = Array.from({ length: 400 }, (_, n) => n * 5);
  const passed = await passes(flood, { atOnce: 20, everyMs: 50 });
  const spent = passed.filter((moment) => moment > 200);
  for (const [n, moment] of spent.entries()) expect(moment).toBe((spent[0] ?? 0) + n * 50);
  expect(spent.length).toBeGreaterThan(30);
});

test("who is refused and waits as long as was said, passes", async () => {
  let now = 0;
  const gcra = gcraInMemory(() => now);
  const ask = (asking: Asking = "counts") =>
    gcra.ask({ key: "k", rate: { atOnce: 2, everyMs: 500 }, asking });
  expect([await ask(), await ask(), await ask()]).toEqual([0, 0, 500]);
  now += 499;
  expect(await ask()).toBe(1);
  now += 1;
  expect([await ask("asks"), await ask("asks"), await ask(), await ask()]).toEqual([0, 0, 0, 500]);
});

test("what has happened is charged whether there was room or not, and paid off before anything passes", async () => {
  let now = 0;
  const gcra = gcraInMemory(() => now);
  const ask = (asking: Asking) => gcra.ask({ key: "k", rate: { atOnce: 2, everyMs: 500 }, asking });
  for (let n = 0; n < 4; n++) expect(await ask("charges")).toBe(0);
  expect(await ask("asks")).toBe(1_500);
  now += 1_500;
  expect(await ask("counts")).toBe(0);
});
