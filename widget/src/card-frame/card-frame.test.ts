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

  test.each([
    ["2026-11-30T23:59:00-12:00", 11, false],
    ["2026-12-01T00:00:00-12:00", 11, true],
    ["2026-12-01T00:30:00+14:00", 11, false],
    ["2026-12-01T11:59:00Z", 11, false],
    ["2026-11-15T12:00:00Z", 11, false],
    ["2026-11-15T12:00:00Z", 10, true],
    ["2027-01-01T11:00:00Z", 12, false],
    ["2027-01-01T12:00:00Z", 12, true],
  ])("at %s month %i has ended everywhere on earth: %s", (now, month, past) => {
    expect(isPast({ month, year: 2026 }, new Date(now))).toBe(past);
    expect(isPast({ month, year: 2027 }, new Date(now))).toBe(false);
  });

  test.each([
    ["１２／３４", "12 / 34"],
    ["１２・３４", "12 / 34"],
    ["12－34", "12 / 34"],
    ["１／", "01 / "],
    ["２０３４－１２", "12 / 34"],
    ["१२/३४", "12 / 34"],
    ["۱۲٫۳۴", "12 / 34"],
    ["\u200b12\u00a0/\u00a034", "12 / 34"],
  ])("%s is read as %s", (typed, text) => {
    expect(formatExpiry(atEnd(typed)).text).toBe(text);
  });
});

describe("a card number from another keyboard", () => {
  test.each([
    "４２４２４２４２４２４２４２４２",
    "４２４２　４２４２　４２４２　４２４２",
    "４２４２－４２４２－４２４２－４２４２",
    "٤٢٤٢٤٢٤٢٤٢٤٢٤٢٤٢",
    "۴۲۴۲۴۲۴۲۴۲۴۲۴۲۴۲",
    "४२४२४२४२४२४२४२४२",
    "4242\u00a04242\u202f4242\u20034242",
    "\u202d4242\u200b4242\u200c4242\ufeff4242\u202c",
  ])("%s is 4242 4242 4242 4242, with the caret at its end", (typed) => {
    expect(formatNumber(atEnd(typed))).toEqual({ text: "4242 4242 4242 4242", caret: 19 });
  });
});
