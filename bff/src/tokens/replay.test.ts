import { expect, test } from "vitest";
import { createReplayStore, type ReplayStore } from "./replay.ts";

/** Of distinct ids, how many a tenant gets in before it is told that there is no room. */
function flood(store: ReplayStore, tenantId: string): number {
  for (let taken = 0; ; taken += 1) if (store.claim(tenantId, `flood ${taken}`) === "full") return taken;
}

test("an id is fresh once for as long as it is kept, and forgotten by twice that", () => {
  let now = 0;
  const store = createReplayStore({ keepMs: 100, now: () => now });
  expect(store.claim("acme", "a")).toBe("fresh");
  for (now = 0; now < 100; now += 7) expect(store.claim("acme", "a")).toBe("seen");
  now = 99;
  expect(store.claim("acme", "b")).toBe("fresh");
  now = 198;
  expect(store.claim("acme", "b")).toBe("seen");
  now = 1_000;
  expect(store.claim("acme", "a")).toBe("fresh");
});

test("when it may hold no more it takes no more, rather than forget", () => {
  let now = 0;
  const store = createReplayStore({ keepMs: 100, maximum: 4, now: () => now });
  const claim = (id: string) => store.claim("acme", id);
  expect([claim("a"), claim("b"), claim("c")]).toEqual(["fresh", "fresh", "full"]);
  expect(claim("a")).toBe("seen");
  now = 100;
  expect(claim("c")).toBe("fresh");
});

test("a tenant's flood is its own: the others' proofs are taken, and still remembered", () => {
  const store = createReplayStore({ keepMs: 100, maximum: 1_000, now: () => 0 });
  expect(store.claim("globex", "before")).toBe("fresh");
  expect(flood(store, "acme")).toBeGreaterThan(400);
  expect(store.claim("acme", "one more")).toBe("full");
  expect(store.claim("globex", "before")).toBe("seen");
  for (let id = 0; id < 200; id += 1) expect(store.claim("globex", `${id}`)).toBe("fresh");
});

test("however many tenants flood it, it holds no more than it may, and one that does not finds room", () => {
  const store = createReplayStore({ keepMs: 100, maximum: 1_000, now: () => 0 });
  let taken = 0;
  for (let tenant = 0; tenant < 8; tenant += 1) taken += flood(store, `tenant ${tenant}`);
  expect(taken).toBeLessThan(1_000);
  expect(store.claim("globex", "a")).toBe("fresh");
});

test("at another tenant an id is another", () => {
  const store = createReplayStore({ keepMs: 100, now: () => 0 });
  expect([store.claim("acme", "a"), store.claim("globex", "a")]).toEqual(["fresh", "fresh"]);
});
