import fc from "fast-check";
import { expect, test } from "vitest";
import { checkCard } from "./check-card.ts";

const card = { number: "4242424242424242", cvc: "123", expiryMonth: 2, expiryYear: 2028 };

test.each([
  ["2028-02-29T23:59:59Z", true],
  ["2028-03-01T00:00:00Z", true],
  ["2028-03-01T11:59:59Z", true],
  ["2028-03-01T12:00:00Z", false],
])("a card of 02/28 at %s: still good is %s, as its month ends last at UTC−12", (now, good) => {
  expect(checkCard(card, new Date(now)) !== null).toBe(good);
});

test("a card is good while it is its month, or an earlier one, anywhere on earth, and not a second longer", () => {
  const offsets = fc.integer({ min: -12 * 60, max: 14 * 60 });
  const at = fc.date({ min: new Date("2020-01-01"), max: new Date("2040-01-01"), noInvalidDate: true });
  fc.assert(
    fc.property(at, offsets, fc.integer({ min: 0, max: 3 }), (now, offsetMin, back) => {
      const local = new Date(now.getTime() + offsetMin * 60_000);
      const month = new Date(Date.UTC(local.getUTCFullYear(), local.getUTCMonth() - back));
      const expiry = { expiryMonth: month.getUTCMonth() + 1, expiryYear: month.getUTCFullYear() };
      const last = new Date(now.getTime() - 12 * 3_600_000);
      const past =
        expiry.expiryYear * 12 + expiry.expiryMonth - 1 < last.getUTCFullYear() * 12 + last.getUTCMonth();
      expect(checkCard({ ...card, ...expiry }, now) === null).toBe(past);
      if (back === 0) expect(past).toBe(false);
    }),
  );
});
