import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ApiError, type Grant } from "./api.ts";
import { Clock } from "./clock.ts";
import { type Ending, Keeper } from "./keeper.ts";

const second = 1_000;
const minute = 60 * second;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

interface Limits {
  idleS?: number;
  absoluteS?: number;
}

/** A session of a server with these limits, and what the payer was told of it, with the time in seconds. */
function stage({ idleS = 1_800, absoluteS = 28_800 }: Limits = {}, { isFixed = true, down = false } = {}) {
  const openedAtMs = Date.now();
  const clock = new Clock();
  const seen = { told: [] as [number, Ending][], ended: 0, renewed: [] as string[] };
  const atS = () => Math.round((Date.now() - openedAtMs) / second);
  let sessionAtMs = openedAtMs;
  const give = (): Grant => {
    const endsInS = absoluteS - (Date.now() - sessionAtMs) / second;
    const renewableInS = Math.min(idleS, endsInS);
    const inMs = (s: number) => clock.now() + s * second;
    return {
      givenAtMs: clock.now(),
      endsAtMs: inMs(Math.min(600, renewableInS)),
      renewableUntilMs: inMs(renewableInS),
      finalMs: inMs(endsInS),
    } as Grant;
  };
  let grant = give();
  const state = { down, overAtMs: Number.POSITIVE_INFINITY };
  const end = new AbortController();
  const keeper = new Keeper({
    clock,
    grant: () => grant,
    async renew(anew) {
      seen.renewed.push(anew ? "anew" : "by key");
      if (state.down) throw new ApiError("network");
      clock.told(new Date().toUTCString());
      if (Date.now() > (grant.renewableUntilMs ?? 0) && isFixed) throw new ApiError("session_ended");
      if (anew) sessionAtMs = Date.now();
      grant = give();
    },
    mayOpen: () => !isFixed,
    told: (ending) => seen.told.push([atS(), ending]),
    ended: () => seen.ended++,
    signal: end.signal,
  });
  return { keeper, seen, state, end: () => end.abort(), clock };
}

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

test("whoever is at it is never told anything, and their session goes on", async () => {
  const { keeper, seen } = stage();
  for (let n = 0; n < 7 * 60; n++) {
    keeper.used();
    await pass(minute);
  }
  expect(seen).toMatchObject({ told: [], ended: 0 });
  // Once in half a token's life, and not with every key.
  expect(seen.renewed.length).toBeGreaterThan(60);
  expect(seen.renewed.length).toBeLessThan(90);
});

test("whoever is away is told two minutes ahead, and after that it has ended", async () => {
  const { seen } = stage();
  await pass(29 * minute);
  expect(seen).toMatchObject({ told: [[1_680, "soon"]], ended: 0 });
  await pass(minute + second);
  expect(seen.told).toEqual([
    [1_680, "soon"],
    [1_800, null],
  ]);
  expect(seen.ended).toBeGreaterThan(0);
  expect(seen.renewed).toEqual([]);
});

test.each([30, 45, 60, 240, 1_800])(
  "of a session of %i s a warning stands for at least 20 s",
  async (idleS) => {
    const { seen } = stage({ idleS });
    await pass((idleS + 2) * second);
    const [[warnedS] = [0]] = seen.told;
    expect(idleS - warnedS).toBeGreaterThanOrEqual(20);
  },
);

test("one press goes on, ten times and more", async () => {
  const { keeper, seen } = stage({ idleS: 60 });
  for (let n = 0; n < 12; n++) {
    await pass(50 * second);
    expect(seen.told.at(-1)?.[1]).toBe("soon");
    await keeper.goOn();
    expect(seen.told.at(-1)?.[1]).toBe(null);
  }
  expect(seen.ended).toBe(0);
});

test("to touch anything is to go on as well", async () => {
  const { keeper, seen } = stage({ idleS: 60 });
  await pass(50 * second);
  keeper.used();
  await pass(second);
  expect(seen.told.map(([, ending]) => ending)).toEqual(["soon", null]);
});

test("as old as it may be, it says so; a page with other tokens goes on with a new one", async () => {
  const limits = { idleS: 600, absoluteS: 900 };
  const fixed = stage(limits);
  const open = stage(limits, { isFixed: false });
  for (let n = 0; n < 14; n++) {
    for (const { keeper } of [fixed, open]) keeper.used();
    await pass(minute);
  }
  expect(fixed.seen.told.at(-1)?.[1]).toBe("final");
  expect(open.seen.told.at(-1)?.[1]).toBe("soon");
  await open.keeper.goOn();
  expect(open.seen.renewed.at(-1)).toBe("anew");
  expect(open.seen.told.at(-1)?.[1]).toBe(null);
  await pass(2 * minute);
  expect(fixed.seen.ended).toBeGreaterThan(0);
  expect(open.seen.ended).toBe(0);
});

test("a renewal that is lost is tried again, and the warning stands meanwhile", async () => {
  const { keeper, seen, state } = stage({ idleS: 60 });
  state.down = true;
  await pass(40 * second);
  await keeper.goOn();
  expect(seen.told.at(-1)?.[1]).toBe("soon");
  state.down = false;
  await keeper.goOn();
  expect(seen.told.at(-1)?.[1]).toBe(null);
});

test.each([
  ["forward by two hours", 120 * minute],
  ["back by two hours", -120 * minute],
])("a clock set %s ends nothing: the server is asked", async (_, ms) => {
  const { seen } = stage();
  await pass(minute);
  const at = Date.now() + ms;
  // The renewal's answer tells the server's time, which is not what this device says now.
  vi.setSystemTime(at);
  await pass(2 * second);
  expect(seen.renewed).toEqual(["by key"]);
});

test("after a night asleep the server says that it has ended", async () => {
  const { seen } = stage();
  // Browsers' steady clock may stand meanwhile.
  vi.setSystemTime(Date.now() + 9 * 60 * minute);
  await pass(12 * second);
  expect(seen.ended).toBeGreaterThan(0);
});

test("offline, a doubtful clock asks no more than every ten seconds", async () => {
  const { seen, state } = stage();
  state.down = true;
  vi.setSystemTime(Date.now() + 10 * minute);
  await pass(minute);
  expect(seen.renewed.length).toBeLessThanOrEqual(7);
});

test("with its element it ends", async () => {
  const { seen, end } = stage({ idleS: 60 });
  end();
  await pass(2 * minute);
  expect(seen).toMatchObject({ told: [], ended: 0 });
});
