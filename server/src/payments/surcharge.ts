import type { Steps } from "../hooks/pipeline.ts";
import { basisPointsOf } from "../money/money.ts";

/** The first rule that fits the card decides; none: no surcharge. The form computes the same (`server/contract/testing/surcharge-vectors.ts`). */
export function surchargeOf({ amountMinor, card, rules }: Steps["CalculateSurcharge"]["input"]): bigint {
  const rule = rules.find(
    ({ brand, funding }) => (brand === "any" || brand === card.brand) && funding === card.funding,
  );
  if (!rule) return 0n;
  const surchargeMinor = basisPointsOf(amountMinor, rule.basisPoints);
  const maximumMinor = rule.maximumMinor === undefined ? surchargeMinor : BigInt(rule.maximumMinor);
  return surchargeMinor < maximumMinor ? surchargeMinor : maximumMinor;
}
