import { expect, test } from "vitest";
import { createReplayStore } from "./replay.ts";

test("an id is fresh once for as long as it is kept, and forgotten by twice that", () => {
  let now = 0;
  const store = createReplayStore({ keepMs: 100, now: () => now });
  expect(store.claim("a")).toBe("fresh");
  for (now = 0; now < 100; now += 7) expect(store.claim("a")).toBe("seen");
  now = 99;
  expect(store.claim("b")).toBe("fresh");
  now = 198;
  expect(store.claim("b")).toBe("seen");
  now = 1_000;
  expect(store.claim("a")).toBe("fresh");
});

test("when it may hold no more it takes no more, rather than forget", () => {
  let now = 0;
  const store = createReplayStore({ keepMs: 100, maximum: 2, now: () => now });
  expect([store.claim("a"), store.claim("b"), store.claim("c")]).toEqual(["fresh", "fresh", "full"]);
  expect(store.claim("a")).toBe("seen");
  now = 100;
  expect(store.claim("c")).toBe("fresh");
});
