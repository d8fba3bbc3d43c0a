import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isNumber, passesLuhn, ruleOf, rules } from "./brands.ts";
import { isPast, parseExpiry, writeExpiry } from "./expiry.ts";
import { formatExpiry, formatNumber } from "./format.ts";

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

  /** With its last digit as the check wants it. */
  const checked = (start: string, length: number) => {
    const digits = start.padEnd(length - 1, "0");
    const [last] = [..."0123456789"].filter((digit) => passesLuhn(digits + digit));
    return digits + last;
  };

  test.each([
    ["Visa", "4", [13, 16, 18, 19]],
    ["Mastercard", "55", [16]],
    ["Mastercard", "2221", [16]],
    ["Mastercard", "2720", [16]],
    ["American Express", "34", [15]],
    ["Discover", "6011", [16, 17, 18, 19]],
    ["Diners Club", "36", [14, 15, 16, 17, 18, 19]],
    ["Diners Club", "305", [14, 15, 16, 17, 18, 19]],
    ["JCB", "3528", [16, 17, 18, 19]],
    ["JCB", "3589", [16, 17, 18, 19]],
    ["UnionPay", "62", [16, 17, 18, 19]],
    ["Maestro", "5018", [12, 13, 14, 15, 16, 17, 18, 19]],
    ["Maestro", "6304", [12, 13, 14, 15, 16, 17, 18, 19]],
    ["Maestro", "6759", [12, 13, 14, 15, 16, 17, 18, 19]],
    ["Maestro", "58", [12, 13, 14, 15, 16, 17, 18, 19]],
    ["", "2200", [12, 13, 14, 15, 16, 17, 18, 19]],
    ["", "9792", [12, 13, 14, 15, 16, 17, 18, 19]],
  ])("of %s, %s…, has so many digits: %j", (name, start, lengths) => {
    expect(ruleOf(start.padEnd(12, "0")).name).toBe(name);
    const all = Array.from({ length: 20 }, (_, index) => index + 1);
    expect(all.filter((length) => length > start.length && isNumber(checked(start, length)))).toEqual(
      lengths,
    );
  });

  test("is written in groups that hold the longest of its brand", () => {
    for (const { name, lengths, groups } of rules)
      expect(
        groups.reduce((sum, size) => sum + size, 0),
        name,
      ).toBeGreaterThanOrEqual(Math.max(...lengths));
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
    // It could become 4/29, or 42/09.
    ["4", "4"],
    ["1", "1"],
    ["12", "12"],
    ["12/", "12 / "],
    ["1/", "01 / "],
    ["0429", "04 / 29"],
    ["04/2029", "04 / 2029"],
    ["2029-04", "04 / 29"],
    ["429", "04 / 29"],
    ["1/29", "01 / 29"],
    ["203412", "12 / 34"],
    ["2034/12", "12 / 34"],
    ["34/12", "12 / 34"],
    ["3412", "12 / 34"],
    ["12-34", "12 / 34"],
    ["12.34", "12 / 34"],
    ["12 34", "12 / 34"],
    ["12 2034", "12 / 2034"],
    ["12/2034", "12 / 2034"],
    ["122034", "12 / 2034"],
    ["2034-12", "12 / 34"],
    ["2034 12", "12 / 34"],
    ["2034/1", "2034/1"],
    ["2034/2", "02 / 34"],
    ["1/34", "01 / 34"],
    ["1 34", "01 / 34"],
    ["1-2034", "01 / 2034"],
    ["134", "01 / 34"],
    ["12034", "01 / 2034"],
    ["341", "341"],
    ["2034", "2034"],
    ["34", "34"],
    ["34/", "34/"],
  ])("%s becomes %s", (typed, text) => {
    expect(formatExpiry(atEnd(typed)).text).toBe(text);
  });

  /** Ways to write December 2034 or any other month, one key after the other or all at once. */
  const spellings = (month: number, year: number) => {
    const [m, mm, yy, yyyy] = [`${month}`, `${month}`.padStart(2, "0"), `${year % 100}`, `${year}`];
    const years = [yy, yyyy];
    const signs = ["/", "-", ".", " ", " / ", "／", " – "];
    return [
      ...signs.flatMap((sign) => years.flatMap((y) => [m + sign + y, mm + sign + y, y + sign + mm])),
      ...years.flatMap((y) => [mm + y, y + mm]),
    ];
  };

  test("is read however month and year are written, typed or pasted", () => {
    const months = fc.integer({ min: 1, max: 12 });
    fc.assert(
      fc.property(months, fc.integer({ min: 2027, max: 2060 }), (month, year) => {
        for (const spelling of spellings(month, year)) {
          expect(parseExpiry(spelling), spelling).toEqual({ month, year });
          expect(parseExpiry(formatExpiry(atEnd(spelling)).text), `pasted ${spelling}`).toEqual({
            month,
            year,
          });
          let text = "";
          for (const key of spelling) text = formatExpiry(atEnd(text + key)).text;
          expect(parseExpiry(text), `typed ${spelling}`).toEqual({ month, year });
        }
        const written = writeExpiry({ month, year });
        expect(parseExpiry(written)).toEqual({ month, year });
        expect(formatExpiry(atEnd(written)).text).toBe(written);
      }),
    );
  });

  test("is never another than what is read of it as it was typed", () => {
    const keys = fc.array(fc.constantFrom(..."0123456789/- ."), { maxLength: 8 });
    fc.assert(
      fc.property(keys, (typed) => {
        const text = typed.join("");
        const read = parseExpiry(text);
        if (read) expect(parseExpiry(formatExpiry(atEnd(text)).text), text).toEqual(read);
      }),
      { numRuns: 5_000 },
    );
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
    ["203412", { month: 12, year: 2034 }],
    ["2034/12", { month: 12, year: 2034 }],
    ["2034/1", { month: 1, year: 2034 }],
    ["34/12", { month: 12, year: 2034 }],
    ["3412", { month: 12, year: 2034 }],
    ["341", { month: 3, year: 2041 }],
    ["12/2034", { month: 12, year: 2034 }],
    ["12 2034", { month: 12, year: 2034 }],
    ["1/34", { month: 1, year: 2034 }],
    // Both could be months: as it is printed on cards.
    ["11/12", { month: 11, year: 2012 }],
    ["2034/13", null],
    ["34/13", null],
    ["3413", null],
    ["2034", null],
    ["1934/12", null],
    ["12/34/56", null],
    ["12/", null],
    ["1/", null],
    ["34/", null],
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
