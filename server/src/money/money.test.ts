import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isCurrency } from "./iso-4217.ts";
import { basisPointsOf, exponentOf, fromDecimal, toDecimal } from "./money.ts";

const currencies = [
  ["JPY", 0],
  ["USD", 2],
  ["KWD", 3],
  ["CLF", 4],
] as const;

describe.each(currencies)("%s, %i decimals:", (currency, exponent) => {
  test("what is written is read back, whatever the size and sign", () => {
    expect(exponentOf(currency)).toBe(exponent);
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), (amountMinor) => {
        const text = toDecimal(amountMinor, currency);
        expect(text).toMatch(exponent ? new RegExp(`^-?\\d+\\.\\d{${exponent}}$`) : /^-?\d+$/);
        expect(fromDecimal(text, currency)).toBe(amountMinor);
      }),
    );
  });

  test("trailing zeros and a missing fraction change nothing", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 18n }), fc.nat(6), (units, zeros) => {
        const minor = units * 10n ** BigInt(exponent);
        expect(fromDecimal(`${units}`, currency)).toBe(minor);
        expect(fromDecimal(`${units}.${"0".repeat(zeros)}`, currency)).toBe(minor);
      }),
    );
  });

  test("one decimal more than the currency knows is refused, never rounded", () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 10n ** 12n }),
        fc.integer({ min: 1, max: 9 }),
        (amount, digit) => {
          const exact = toDecimal(amount, currency);
          const finer = `${exact}${exponent === 0 ? "." : ""}${digit}`;
          expect(() => fromDecimal(finer, currency)).toThrow(RangeError);
        },
      ),
    );
  });

  test("a JSON number of up to 15 digits reads exactly as its digits", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -999_999_999_999_999n, max: 999_999_999_999_999n }), (amountMinor) => {
        const text = toDecimal(amountMinor, currency);
        expect(fromDecimal(JSON.parse(text) as number, currency)).toBe(amountMinor);
      }),
    );
  });
});

test("money is owed in currencies of ISO 4217, and in nothing an ERP calls one for itself", () => {
  const known = Intl.supportedValuesOf("currency").filter(isCurrency);
  expect(known.length).toBeGreaterThan(150);
  for (const [currency] of currencies) expect(isCurrency(currency)).toBe(true);
  for (const none of ["RMB", "NTD", "XTS", "XXX", "XAU", "usd", "US", "USDT", "", "__proto__"]) {
    expect(isCurrency(none)).toBe(false);
  }
});

test.each([1e-7, 0.1 + 0.2, 1e15 + 0.5, Number.MAX_SAFE_INTEGER, 1e21, Number.NaN, Number.POSITIVE_INFINITY])(
  "the number %d is refused: its digits are not those that were meant",
  (value) => expect(() => fromDecimal(value, "KWD")).toThrow(RangeError),
);

test.each(["", ".5", "1,000.00", "1e3", "0x10", "--1", "+1", "1.2.3", "١", "12.50 USD", "Infinity"])(
  "%j is no plain decimal",
  (text) => expect(() => fromDecimal(text, "USD")).toThrow(RangeError),
);

test("basis points round half up to a minor unit, and are exact for any size", () => {
  expect(basisPointsOf(1_010n, 250)).toBe(25n);
  expect(basisPointsOf(1_020n, 250)).toBe(26n);
  expect(basisPointsOf(10n ** 30n, 250)).toBe(25n * 10n ** 27n);
  fc.assert(
    fc.property(
      fc.bigInt({ min: 0n, max: 10n ** 18n }),
      fc.integer({ min: 0, max: 400 }),
      (amount, points) => {
        const exact = amount * BigInt(points);
        const twiceOff = 2n * (basisPointsOf(amount, points) * 10_000n - exact);
        expect(twiceOff <= 10_000n && twiceOff > -10_000n).toBe(true);
      },
    ),
  );
});
