import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatInput, formatMoney, isAmbiguous, parseAmount, toDecimal } from "./money.ts";

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
    ["1.250.000", "de", 3, 1250000000n],
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

/** What a sign may mean: each reading of `text` as minor units, by nothing but its shape. */
function readings(text: string, exponent: number): Set<bigint> {
  const found = new Set<bigint>();
  const minor = (whole: string, fraction: string) =>
    found.add(BigInt(whole.replace(/\D/g, "") + fraction.padEnd(exponent, "0")));
  if (/^\d+$/.test(text) || /^\d{1,3}([.,' ])\d{3}(\1\d{3})*$/.test(text)) minor(text, "");
  const decimal = /^(\d+|\d{1,3}([.,' ])\d{3}(?:\2\d{3})*)([.,])(\d+)$/.exec(text);
  if (decimal && decimal[2] !== decimal[3] && (decimal[4]?.length ?? 0) <= exponent)
    minor(decimal[1] ?? "", decimal[4] ?? "");
  return found;
}

const wholes = ["0", "5", "12", "0500", "500", "1250", "1250000"];
const fractions = ["", "5", "50", "500", "5000"];
const groupings = ["", ",", ".", " ", "'", "\u00a0", "\u202f", "’"];
const decimals = [",", "."];
const spoken = ["en", "en-IN", "en-ZA", "es", "es-MX", "fr", "fr-CH", "de", "de-CH", "de-AT", "ar", "ar-EG"];

describe("every sign between digits, for each currency exponent and language,", () => {
  const cases = [0, 2, 3, 4].flatMap((exponent) => spoken.map((locale) => ({ exponent, locale })));

  test.each(cases)(
    "with $exponent decimals in $locale: one certain reading, or none",
    ({ exponent, locale }) => {
      const local = new Intl.NumberFormat(locale)
        .formatToParts(1.5)
        .find(({ type }) => type === "decimal")?.value;
      let judged = 0;
      for (const whole of wholes)
        for (const grouping of groupings)
          for (const fraction of fractions)
            for (const decimal of decimals) {
              const grouped = whole.replace(/\B(?=(\d{3})+$)/g, grouping);
              const text = fraction ? grouped + decimal + fraction : grouped;
              const possible = readings(text.replace(/[\u00a0\u202f]/g, " ").replaceAll("’", "'"), exponent);
              const amount = parseAmount(text, { locale, exponent });
              if (amount === null) continue;
              judged++;
              expect(possible, text).toContain(amount);
              // The language's own decimal sign means decimals; any other sign needs the only reading there is.
              const signs = text.replace(/\d/g, "");
              if (possible.size > 1) expect(signs, text).toBe(local === "," ? "," : ".");
            }
      expect(judged).toBeGreaterThan(100);
    },
  );

  test.each([
    ["0,500", "en", 3],
    ["0.500", "de", 3],
    ["1,250", "en", 3],
    ["1.250", "de", 3],
    ["12,345", "en", 3],
    ["999.999", "fr", 3],
    ["０，５００", "en", 3],
    ["٠,٥٠٠", "ar-EG", 3],
    ["0،500", "ar-EG", 3],
    ["०,५००", "en", 3],
    ["0,500", "en", 4],
    ["0,500", "en", 2],
    ["0.500", "de", 2],
    ["00,500", "en", 3],
    ["KWD 0,500", "en", 3],
    ["0,500", "en", 0],
  ])(
    "%s typed in %s with %d decimals could be two amounts and is refused as that",
    (text, locale, exponent) => {
      const format = { locale, exponent, currency: "KWD" };
      expect(parseAmount(text, format)).toBe(null);
      expect(isAmbiguous(text, format)).toBe(true);
    },
  );

  test.each([
    ["0.500", "en", 3, 500n],
    ["0,500", "de", 3, 500n],
    ["0٫500", "ar-EG", 3, 500n],
    ["٠٫٥٠٠", "ar", 3, 500n],
    ["1.250", "en", 3, 1250n],
    ["1,250.000", "en", 3, 1250000n],
    ["1.250,000", "en", 3, 1250000n],
    ["1,250,000", "en", 3, 1250000000n],
    ["1 250", "fr", 3, 1250000n],
    ["1'250", "en", 3, 1250000n],
    ["1٬250", "ar-EG", 3, 1250000n],
    ["0,50", "en", 3, 500n],
    ["0,5", "en", 3, 500n],
    [",500", "en", 3, 500n],
    ["1250", "en", 3, 1250000n],
    ["1,250", "en", 2, 125000n],
    ["1.250", "de", 2, 125000n],
    ["1,250", "en", 0, 1250n],
  ])("%s typed in %s with %d decimals is certain: %s", (text, locale, exponent, amount) => {
    expect(parseAmount(text, { locale, exponent })).toBe(amount);
    expect(isAmbiguous(text, { locale, exponent })).toBe(false);
  });
});

describe("an amount that was pasted", () => {
  test.each([
    ["１２５０．５０", "en", "USD", 125050n],
    ["１，２５０．５０", "en", "USD", 125050n],
    ["१२५०.५०", "en", "USD", 125050n],
    ["۱۲۵۰٫۵۰", "ar", "USD", 125050n],
    ["1\u00a0250,50", "fr", "EUR", 125050n],
    ["1\u202f250,50\u00a0€", "fr", "EUR", 125050n],
    ["\u200b1,250.50\ufeff", "en", "USD", 125050n],
    ["\u202d$1,250.50\u202c", "en", "USD", 125050n],
    ["$1,250.50", "en", "USD", 125050n],
    ["$ 1,250.50", "en", "USD", 125050n],
    ["USD 1,250.50", "en", "USD", 125050n],
    ["1250.50 USD", "en", "USD", 125050n],
    ["＄1,250.50", "en", "USD", 125050n],
    ["1.250,50 €", "de", "EUR", 125050n],
    ["CA$5", "en", "CAD", 500n],
    ["1,250.50\n", "en", "USD", 125050n],
  ])("%j, in %s and %s, reads as %s", (text, locale, currency, amount) => {
    expect(parseAmount(text, { locale, exponent: 2, currency })).toBe(amount);
  });

  test.each([
    ["€5", "USD"],
    ["$5", "CAD"],
    ["5 EUR", "USD"],
    ["$$5", "USD"],
    ["$5$", "USD"],
    ["$", "USD"],
    ["USD", "USD"],
    ["-5", "USD"],
    ["−5", "USD"],
    ["－5", "USD"],
    ["–5", "USD"],
    ["ー5", "USD"],
    ["5-", "USD"],
    ["-$5", "USD"],
    ["$-5", "USD"],
    ["(5)", "USD"],
    ["($5.00)", "USD"],
    ["（5）", "USD"],
    ["+5", "USD"],
    ["5%", "USD"],
    ["5²", "USD"],
    ["①", "USD"],
    ["1 25", "USD"],
    ["1 2 3", "USD"],
    ["0 500", "USD"],
    ["0'500", "USD"],
    ["1,,250", "USD"],
    ["1 ,250", "USD"],
    ["12\n50", "USD"],
    ["5;6", "USD"],
    [`${"1".repeat(41)}`, "USD"],
    [`5${" ".repeat(500)}5`, "USD"],
  ])("%j in %s is refused: nothing is guessed, and nothing negative is owed", (text, currency) => {
    expect(parseAmount(text, { locale: "en", exponent: 2, currency })).toBe(null);
  });

  test("of a million digits is refused at once", () => {
    const startMs = performance.now();
    for (const text of ["9".repeat(1e6), `5${",".repeat(1e6)}`, " ".repeat(1e6), "1,".repeat(5e5)])
      expect(parseAmount(text, { locale: "en", exponent: 2, currency: "USD" })).toBe(null);
    expect(performance.now() - startMs).toBeLessThan(200);
  });

  test("is shown in full and reads back, whatever the currency's sign and digits", () => {
    for (const locale of spoken)
      for (const currency of ["USD", "EUR", "GBP", "JPY", "KWD", "CHF", "CAD", "INR", "CNY", "XOF", "AED"]) {
        const exponent = new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions()
          .maximumFractionDigits as number;
        const shown = formatMoney(1234567n, currency, { locale, exponent });
        expect(parseAmount(shown, { locale, exponent, currency }), `${locale} ${shown}`).toBe(1234567n);
      }
  });

  test("in French Switzerland a point beside the currency is money's, and a bare one could be thousands", () => {
    const format = { locale: "fr-CH", exponent: 3, currency: "KWD" };
    expect(["0.001 KWD", "1.001 KWD", "0,001", "1.001"].map((text) => parseAmount(text, format))).toEqual([
      1n,
      1001n,
      1n,
      null,
    ]);
  });

  test("as a row shows it reads back, whatever came along with it from the page", () => {
    const around = fc.constantFrom(
      "",
      " ",
      "\u00a0",
      "\u202f",
      "\n",
      "\t",
      "\u200e",
      "\u200f",
      "\u2068",
      "\u2069",
      "\ufeff",
    );
    const amounts = fc.bigInt({ min: 1n, max: 10n ** 12n });
    fc.assert(
      fc.property(
        fc.record({ amount: amounts, locale: fc.constantFrom(...spoken), before: around, after: around }),
        fc.constantFrom("USD", "EUR", "GBP", "JPY", "KWD", "CHF", "CAD", "AED"),
        ({ amount, locale, before, after }, currency) => {
          const { maximumFractionDigits: exponent = 2 } = new Intl.NumberFormat("en", {
            style: "currency",
            currency,
          }).resolvedOptions();
          const shown = before + formatMoney(amount, currency, { locale, exponent }) + after;
          expect(parseAmount(shown, { locale, exponent, currency })).toBe(amount);
        },
      ),
    );
  });
});
