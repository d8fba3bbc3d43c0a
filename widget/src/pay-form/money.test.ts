import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatInput, formatMoney, parseAmount, toDecimal } from "./money.ts";

const locales = ["en", "en-IN", "es", "fr", "fr-CH", "de", "de-CH", "ar", "ar-EG", "ar-MA"];

describe("an amount", () => {
  test("that was shown in a field reads back as the very same minor units, in every language", () => {
    const amounts = fc.bigInt({ min: 0n, max: 999_999_999_999_999_999n });
    fc.assert(
      fc.property(
        amounts,
        fc.constantFrom(...locales),
        fc.constantFrom(0, 2, 3),
        (amount, locale, exponent) => {
          expect(parseAmount(formatInput(amount, { locale, exponent }), { locale, exponent })).toBe(amount);
        },
      ),
    );
  });

  test("is never anything but digits of the text it came from", () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.constantFrom(...locales),
        fc.constantFrom(0, 2, 3),
        (text, locale, exponent) => {
          const parsed = parseAmount(text, { locale, exponent });
          if (parsed !== null) expect(parsed).toBeGreaterThanOrEqual(0n);
        },
      ),
    );
  });

  test.each([
    ["1250", "en", 2, 125000n],
    ["1,250.5", "en", 2, 125050n],
    ["1.250,50", "en", 2, 125050n],
    ["12,50", "en", 2, 1250n],
    ["1,250", "en", 2, 125000n],
    ["1,250", "de", 2, null],
    ["1,250", "de", 3, 1250n],
    ["1.250", "de", 3, 1250000n],
    ["1.250", "en", 3, 1250n],
    [".5", "en", 2, 50n],
    ["1 250,00", "fr", 2, 125000n],
    ["1’250.00", "de-CH", 2, 125000n],
    ["1,00,000.00", "en-IN", 2, 10000000n],
    ["١٬٢٥٠٫٥", "ar", 2, 125050n],
    ["۱۲۵۰", "en", 2, 125000n],
    ["1.250", "ar", 3, 1250n],
    ["1500", "ja", 0, 1500n],
    ["1,500,000", "en", 0, 1500000n],
    ["900719925474099301", "en", 0, 900719925474099301n],
  ])("%s typed in %s with %d decimals is %s", (text, locale, exponent, amount) => {
    expect(parseAmount(text, { locale, exponent })).toBe(amount);
  });

  test.each([
    "",
    " ",
    "-5",
    "1e3",
    "12.345",
    "0x10",
    "1,2,3",
    "1.2.3",
    "$5",
    "1..2",
    "½",
    "5 USD",
    "1,25,0",
    "9".repeat(50),
  ])("%j is refused, not guessed", (text) => {
    expect(parseAmount(text, { locale: "en", exponent: 2 })).toBe(null);
  });

  test("keeps a currency's letters and `$` together from right to left", () => {
    expect(formatMoney(125050n, "USD", { locale: "ar", exponent: 2 })).toMatch(/US\$\u200e$/);
    expect(formatMoney(125050n, "EUR", { locale: "ar", exponent: 2 })).toMatch(/€$/);
    expect(formatMoney(125050n, "USD", { locale: "en", exponent: 2 })).toBe("$1,250.50");
  });

  test("above 2^53 is shown to the last digit", () => {
    expect(formatMoney(900719925474099301n, "USD", { locale: "en", exponent: 2 })).toBe(
      "$9,007,199,254,740,993.01",
    );
    expect(formatMoney(1250500n, "KWD", { locale: "en", exponent: 3 })).toBe("KWD\u00a01,250.500");
    expect(formatMoney(1500n, "JPY", { locale: "en", exponent: 0 })).toBe("¥1,500");
    expect(toDecimal(5n, 3)).toBe("0.005");
  });
});
