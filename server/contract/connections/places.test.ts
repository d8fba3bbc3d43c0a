import { expect, test } from "vitest";
import { createPlaces } from "./places.ts";

test("a key has so many places, another its own, and one given back is free once", () => {
  const places = createPlaces(2);
  const leave = places.enter("a");
  expect(places.enter("a")).not.toBeNull();
  expect(places.enter("a")).toBeNull();
  expect(places.enter("b")).not.toBeNull();
  leave?.();
  leave?.();
  expect(places.enter("a")).not.toBeNull();
  expect(places.enter("a")).toBeNull();
  expect(places.enter("a", 3)).not.toBeNull();
});
