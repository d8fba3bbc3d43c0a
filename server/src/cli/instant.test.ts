import { expect, test } from "vitest";
import { dayOrMoment, moment } from "./instant.ts";

test("a day that no calendar has is refused, not taken for one of the month after", () => {
  for (const text of ["2026-02-30T10:00Z", "2026-02-29", "2026-13-01T10:00Z", "2026-12-01T25:00Z"]) {
    expect(() => dayOrMoment(text)).toThrow("no calendar or clock has it");
  }
  expect(moment("2028-02-29T23:30-05:00").toISOString()).toBe("2028-03-01T04:30:00.000Z");
});

test("a time without its offset is refused, and a day where an instant is wanted", () => {
  expect(() => dayOrMoment("2026-12-24T18:00")).toThrow("is no time such as");
  expect(() => moment("2026-12-24")).toThrow("with its offset");
  expect(dayOrMoment("2026-12-24").toISOString()).toBe("2026-12-24T00:00:00.000Z");
});
