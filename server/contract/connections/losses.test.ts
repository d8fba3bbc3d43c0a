import { expect, test } from "vitest";
import { createLosses } from "./losses.ts";

test("losses are counted by why and a part of the address, and told once", () => {
  const losses = createLosses();
  losses.add("full", "192.0.2.1");
  losses.add("full", "192.0.2.2");
  losses.add("unread", "2001:db8:1:2::3");
  losses.add("full", undefined);
  expect(losses.take()).toEqual([
    { why: "full", network: "192.0.2.0/24", count: 2 },
    { why: "unread", network: "2001:db8:1::/48", count: 1 },
    { why: "full", network: "unknown", count: 1 },
  ]);
  expect(losses.take()).toEqual([]);
});

test("of a flood from everywhere some networks are told apart, and the rest together", () => {
  const losses = createLosses();
  for (let n = 0; n < 1_000; n++) losses.add("full", `192.${n % 200}.${n % 7}.1`);
  const told = losses.take();
  expect(told.length).toBe(21);
  expect(told.reduce((sum, { count }) => sum + count, 0)).toBe(1_000);
  expect(told.at(-1)?.network).toBe("others");
});
