import fc from "fast-check";
import { expect, test } from "vitest";
import { surchargeVectors } from "../../../server/contract/testing/surcharge-vectors.ts";
import { surchargeOf } from "./surcharge.ts";

const credit = { brand: "visa", funding: "credit" };

test.each(surchargeVectors)("the form's surcharge as the server takes it: $name", (vector) => {
  const { amountMinor, card, rules } = vector;
  expect(surchargeOf(amountMinor, card, rules)).toEqual({
    amountMinor: vector.surchargeMinor,
    rule: vector.rule === null ? null : rules[vector.rule],
  });
});

test("the first rule that fits decides, and it rounds half up", () => {
  const rules = [
    { brand: "amex", funding: "credit", basisPoints: 300 },
    { brand: "any", funding: "credit", basisPoints: 250 },
    { brand: "visa", funding: "credit", basisPoints: 100 },
  ] as const;
  expect(surchargeOf(12500n, credit, rules).amountMinor).toBe(313n);
  expect(surchargeOf(12500n, { brand: "amex", funding: "credit" }, rules).amountMinor).toBe(375n);
  expect(surchargeOf(20n, credit, rules).amountMinor).toBe(1n);
  expect(surchargeOf(19n, credit, rules).amountMinor).toBe(0n);
});

test("debit, prepaid and unknown cards carry none unless a rule names them", () => {
  const rules = [{ brand: "any", funding: "credit", basisPoints: 400 }] as const;
  for (const funding of ["debit", "prepaid", "unknown"]) {
    expect(surchargeOf(1_000_000n, { brand: "visa", funding }, rules)).toEqual({
      amountMinor: 0n,
      rule: null,
    });
  }
  const debit = [{ brand: "any", funding: "debit", basisPoints: 10 }] as const;
  expect(surchargeOf(1000n, { brand: "visa", funding: "debit" }, debit).amountMinor).toBe(1n);
});

test("is cut at the maximum and never further than half a minor unit from exact", () => {
  const any = fc.bigInt({ min: 0n, max: 10n ** 17n });
  fc.assert(
    fc.property(any, fc.integer({ min: 0, max: 400 }), any, (amount, basisPoints, maximum) => {
      const rule = { brand: "any", funding: "credit", basisPoints } as const;
      const free = surchargeOf(amount, credit, [rule]).amountMinor;
      const twice = 2n * (free * 10000n - amount * BigInt(basisPoints));
      expect(twice > -10000n && twice <= 10000n).toBe(true);
      const cut = surchargeOf(amount, credit, [{ ...rule, maximumMinor: String(maximum) }]).amountMinor;
      expect(cut === free || cut === maximum).toBe(true);
      expect(cut <= maximum && cut <= free).toBe(true);
    }),
  );
});
