import { expect, test } from "vitest";
import { instant } from "./instant.ts";

test("a day that no calendar has is refused, not taken for one of the month after", () => {
  for (const text of ["2026-02-30T10:00Z", "2026-02-29", "2026-13-01T10:00Z", "2026-12-24T18:00"]) {
    expect(() => instant(text)).toThrow("is no time");
  }
  expect(instant("2028-02-29T23:30-05:00").toISOString()).toBe("2028-03-01T04:30:00.000Z");
});
