import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isNumber, passesLuhn, ruleOf } from "./brands.ts";
import { formatExpiry, formatNumber, isPast, parseExpiry } from "./format.ts";

const atEnd = (text: string) => ({ text, caret: text.length });

describe("a card number", () => {
  test.each([
    ["4242424242424242", "visa", true],
    ["4000056655665556", "visa", true],
    ["5555555555554444", "mastercard", true],
    ["2223003122003222", "mastercard", true],
    ["378282246310005", "amex", true],
    ["6011111111111117", "discover", true],
    ["4242424242424241", "visa", false],
    ["37828224631000", "amex", false],
    ["3530111333300000", "unknown", true],
    ["", "unknown", false],
  ])("%s is %s, complete: %s", (digits, brand, complete) => {
    expect(ruleOf(digits).brand).toBe(brand);
    expect(isNumber(digits)).toBe(complete);
  });

  test("with one digit changed never passes the check", () => {
    const place = fc.integer({ min: 0, max: 15 });
    fc.assert(
      fc.property(place, fc.integer({ min: 1, max: 9 }), (at, more) => {
        const digits = [..."4242424242424242"];
        digits[at] = String((Number(digits[at]) + more) % 10);
        expect(passesLuhn(digits.join(""))).toBe(false);
      }),
    );
  });

  test("is grouped as its brand prints it, however it was pasted", () => {
    expect(formatNumber(atEnd("4242-4242 42424242")).text).toBe("4242 4242 4242 4242");
    expect(formatNumber(atEnd("378282246310005")).text).toBe("3782 822463 10005");
    expect(formatNumber(atEnd("٤٢٤٢٤٢")).text).toBe("4242 42");
    expect(formatNumber(atEnd("37828224631000599")).text).toBe("3782 822463 10005");
  });

  test("keeps the caret between the same digits while typing in the middle", () => {
    expect(formatNumber({ text: "4249 42424242", caret: 4 })).toEqual({ text: "4249 4242 4242", caret: 4 });
    expect(formatNumber({ text: "42 424242", caret: 2 })).toEqual({ text: "4242 4242", caret: 2 });
    expect(formatNumber({ text: "4242 4", caret: 6 })).toEqual({ text: "4242 4", caret: 6 });
  });
});

describe("an expiry", () => {
  test.each([
    ["4", "04"],
    ["1", "1"],
    ["12", "12"],
    ["12/", "12 / "],
    ["1/", "01 / "],
    ["0429", "04 / 29"],
    ["04/2029", "04 / 2029"],
    ["2029-04", "04 / 29"],
    ["429", "04 / 29"],
    ["1/29", "01 / 29"],
  ])("%s becomes %s", (typed, text) => {
    expect(formatExpiry(atEnd(typed)).text).toBe(text);
  });

  test("can be deleted to nothing", () => {
    let text = "04 / 29";
    for (let keys = 0; text && keys < 10; keys++) text = formatExpiry(atEnd(text.slice(0, -1))).text;
    expect(text).toBe("");
  });

  test.each([
    ["04 / 29", { month: 4, year: 2029 }],
    ["12 / 2031", { month: 12, year: 2031 }],
    ["13 / 29", null],
    ["00 / 29", null],
    ["04 / 1929", null],
    ["04", null],
    ["", null],
  ])("%s reads as %o", (text, expiry) => {
    expect(parseExpiry(text)).toEqual(expiry);
  });

  test("is good through the last day of its month", () => {
    const today = new Date(2026, 10, 30);
    expect(isPast({ month: 11, year: 2026 }, today)).toBe(false);
    expect(isPast({ month: 10, year: 2026 }, today)).toBe(true);
    expect(isPast({ month: 1, year: 2027 }, today)).toBe(false);
  });
});
