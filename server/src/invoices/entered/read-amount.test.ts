import fc from "fast-check";
import { expect, test } from "vitest";
import { toDecimal } from "../../money/money.ts";
import { readAmount } from "./read-amount.ts";

test.each([
  ["1250", "USD", 125_000n],
  ["1250.5", "USD", 125_050n],
  ["1250,5", "EUR", 125_050n],
  ["1,250.50", "USD", 125_050n],
  ["1.250,50", "EUR", 125_050n],
  ["1 250,50", "EUR", 125_050n],
  ["1 250,50", "EUR", 125_050n],
  ["1 250,50", "EUR", 125_050n],
  ["1'250.50", "CHF", 125_050n],
  ["1,234,567", "USD", 123_456_700n],
  ["1.234.567,89", "EUR", 123_456_789n],
  ["1234.567", "KWD", 1_234_567n],
  ["0.567", "KWD", 567n],
  ["1250", "JPY", 1250n],
  ["0", "USD", 0n],
] as const)("%s %s has one reading: %s", (typed, currency, amountMinor) => {
  expect(readAmount(typed, currency)).toEqual({ kind: "amount", amountMinor });
});

test.each([
  ["1,000", "USD", "ambiguous_amount"],
  ["1.000", "EUR", "ambiguous_amount"],
  ["12,345", "USD", "ambiguous_amount"],
  ["1.234", "KWD", "ambiguous_amount"],
  ["10.005", "USD", "too_precise"],
  ["10.0051", "USD", "too_precise"],
  ["1250.5", "JPY", "too_precise"],
  ["-5", "USD", "negative"],
  ["(5.00)", "USD", "negative"],
  ["1,25,000.00", "INR", "not_an_amount"],
  ["1.2.3", "USD", "not_an_amount"],
  ["12 34", "USD", "not_an_amount"],
  ["=1+1", "USD", "not_an_amount"],
  ["$5", "USD", "not_an_amount"],
  ["1e5", "USD", "not_an_amount"],
  ["٥", "USD", "not_an_amount"],
  [".5", "USD", "not_an_amount"],
  ["9".repeat(18), "USD", "too_large"],
] as const)("%s %s is refused: %s", (typed, currency, code) => {
  expect(readAmount(typed, currency)).toMatchObject({ kind: "fault", code });
});

test("an amount as we write it is read as it was, unless it has two readings; and how to write it instead has one", () => {
  const currencies = fc.constantFrom("USD", "JPY", "KWD", "CLF");
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 10n ** 15n }), currencies, (amountMinor, currency) => {
      const typed = toDecimal(amountMinor, currency);
      const read = readAmount(typed, currency);
      if (read.kind === "amount") {
        expect(read.amountMinor).toBe(amountMinor);
        return;
      }
      expect(read.code).toBe("ambiguous_amount");
      expect(readAmount(read.values.decimal ?? "", currency)).toEqual({ kind: "amount", amountMinor });
      expect(readAmount(read.values.whole ?? "", currency).kind).toBe("amount");
    }),
  );
});
