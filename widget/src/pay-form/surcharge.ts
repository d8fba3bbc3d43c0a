import type { SurchargeRule } from "@clarity/bff/contract";

export interface Surcharge {
  amountMinor: bigint;
  rule: SurchargeRule | null;
}

/**
 * The first rule that fits decides; none fits: no surcharge. Half up to a minor unit, cut at the
 * maximum. The server computes it again and is right when the two differ.
 */
export function surchargeOf(
  amountMinor: bigint,
  card: { brand: string; funding: string },
  rules: readonly SurchargeRule[],
): Surcharge {
  const rule = rules.find(
    (each) => (each.brand === "any" || each.brand === card.brand) && each.funding === card.funding,
  );
  if (!rule) return { amountMinor: 0n, rule: null };
  const exact = (amountMinor * BigInt(rule.basisPoints) + 5000n) / 10000n;
  const most = rule.maximumMinor === undefined ? exact : BigInt(rule.maximumMinor);
  return { amountMinor: exact < most ? exact : most, rule };
}
