import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { digitsOf, plain } from "./plain.ts";

/** Every numbering system the platform knows whose digits are decimal digits: `arab`, `deva`, `fullwide`, … */
const systems = Intl.supportedValuesOf("numberingSystem").filter((system) =>
  [..."0123456789"].every((digit) => /^\p{Nd}$/u.test(inSystem(digit, system))),
);

function inSystem(digit: string, numberingSystem: string): string {
  return new Intl.NumberFormat("en", { numberingSystem, useGrouping: false }).format(Number(digit));
}

describe("what was typed", () => {
  test.each(systems)("in the digits of %s reads as the same number", (system) => {
    const typed = [..."4242010987653"].map((digit) => inSystem(digit, system)).join("");
    expect(plain(typed)).toBe("4242010987653");
  });

  test("knows the digits of the world", () => {
    expect(systems).toEqual(expect.arrayContaining(["arab", "arabext", "beng", "deva", "fullwide", "thai"]));
    expect(systems.length).toBeGreaterThan(50);
  });

  test.each([
    ["１２／３４", "12/34"],
    ["１２・３４", "12/34"],
    ["12⁄34", "12/34"],
    ["12∕34", "12/34"],
    ["４２４２－４２４２", "4242-4242"],
    ["４２４２ー４２４２", "4242-4242"],
    ["4242–4242—4242−4242‐4242", "4242-4242-4242-4242-4242"],
    ["４２４２　４２４２", "4242 4242"],
    ["4242\u00a04242\u202f4242\u20094242\t4242", "4242 4242 4242 4242 4242"],
    ["\u202d4242\u202c\u200b42\u200d42\ufeff42\u206042", "424242424242".slice(0, 12)],
    ["１，２５０．５０", "1,250.50"],
    ["1、250。50", "1,250.50"],
    ["（５）", "(5)"],
    ["＄５", "$5"],
    ["＋５", "+5"],
  ])("%j is %j", (typed, read) => {
    expect(plain(typed)).toBe(read);
  });

  test.each(["²", "½", "①", "Ⅳ", "四", "〇", "๏"])("%s is no digit", (sign) => {
    expect(digitsOf(sign)).toBe("");
  });

  test("is read in time that grows with its length, and not beyond what a field may hold", () => {
    const huge = "4".repeat(5_000_000);
    const startMs = performance.now();
    expect(digitsOf(huge)).toHaveLength(200);
    expect(performance.now() - startMs).toBeLessThan(200);
  });

  test("never becomes more digits than were typed", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 0x10ffff })), (codes) => {
        expect(digitsOf(String.fromCodePoint(...codes)).length).toBeLessThanOrEqual(codes.length);
      }),
    );
  });
});
