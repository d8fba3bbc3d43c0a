import { expect, test } from "vitest";
import { SurchargeRule } from "../../contract/index.ts";
import { surchargeVectors } from "../../contract/testing/surcharge-vectors.ts";
import { surchargeOf } from "./surcharge.ts";

test.each(surchargeVectors)("the server's surcharge as the form shows it: $name", (vector) => {
  expect(surchargeOf(vector)).toBe(vector.surchargeMinor);
});

test("the surcharge vectors are asked with rules that a tenant can have", () => {
  for (const { rules } of surchargeVectors) expect(SurchargeRule.array().parse(rules)).toEqual(rules);
});
