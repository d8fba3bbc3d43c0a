import type { CardBrand, CardFunding, SurchargeRule } from "../session.ts";

/** One question that the form and the server must answer alike: what the payer sees is what is taken. */
export interface SurchargeVector {
  /** Why it is asked. */
  name: string;
  amountMinor: bigint;
  card: { brand: CardBrand; funding: CardFunding };
  rules: readonly SurchargeRule[];
  surchargeMinor: bigint;
  /** Index of the rule that decides; null: none does. */
  rule: number | null;
}

const visaCredit = { brand: "visa", funding: "credit" } as const;
const amexCredit = { brand: "amex", funding: "credit" } as const;

const anyCredit = (basisPoints: number, maximumMinor?: string): SurchargeRule => ({
  brand: "any",
  funding: "credit",
  basisPoints,
  ...(maximumMinor !== undefined && { maximumMinor }),
});
const visaOnly: SurchargeRule = { brand: "visa", funding: "credit", basisPoints: 100 };

type Asked = [
  name: string,
  amountMinor: bigint,
  card: SurchargeVector["card"],
  rules: readonly SurchargeRule[],
  surchargeMinor: bigint,
  rule: number | null,
];

const asked: Asked[] = [
  // Which rule decides.
  ["no rules: none", 125_000n, visaCredit, [], 0n, null],
  ["no rule of this brand: none", 10_000n, amexCredit, [visaOnly], 0n, null],
  ["no rule of this funding: none", 10_000n, { brand: "visa", funding: "debit" }, [anyCredit(300)], 0n, null],
  [
    "a prepaid card is no credit card",
    10_000n,
    { brand: "visa", funding: "prepaid" },
    [anyCredit(300)],
    0n,
    null,
  ],
  [
    "an unknown funding is no credit",
    10_000n,
    { brand: "visa", funding: "unknown" },
    [anyCredit(300)],
    0n,
    null,
  ],
  [
    "a rule may name an unknown funding",
    10_000n,
    { brand: "visa", funding: "unknown" },
    [{ brand: "any", funding: "unknown", basisPoints: 50 }],
    50n,
    0,
  ],
  [
    "any brand is also an unknown one",
    10_000n,
    { brand: "unknown", funding: "credit" },
    [anyCredit(300)],
    300n,
    0,
  ],
  ["an unknown brand is no visa", 10_000n, { brand: "unknown", funding: "credit" }, [visaOnly], 0n, null],
  ["the first that fits decides, though any brand", 10_000n, visaCredit, [anyCredit(250), visaOnly], 250n, 0],
  [
    "the first that fits decides, though it is cheaper",
    10_000n,
    visaCredit,
    [visaOnly, anyCredit(250)],
    100n,
    0,
  ],
  ["one that does not fit is passed over", 10_000n, amexCredit, [visaOnly, anyCredit(250)], 250n, 1],
  ["a rule of nothing decides too", 10_000n, visaCredit, [anyCredit(0), visaOnly], 0n, 0],
  [
    "a rule with a maximum of nothing decides too",
    10_000n,
    visaCredit,
    [anyCredit(250, "0"), visaOnly],
    0n,
    0,
  ],
  // Half up to a minor unit.
  ["0.4750 is 0", 19n, visaCredit, [anyCredit(250)], 0n, 0],
  ["0.5000 is 1", 20n, visaCredit, [anyCredit(250)], 1n, 0],
  ["1.4999 is 1", 14_999n, visaCredit, [anyCredit(1)], 1n, 0],
  ["1.5000 is 2", 15_000n, visaCredit, [anyCredit(1)], 2n, 0],
  ["2.5000 is 3: up, not to even", 25_000n, visaCredit, [anyCredit(1)], 3n, 0],
  ["312.5000 is 313", 12_500n, visaCredit, [anyCredit(250)], 313n, 0],
  ["the smallest amount at the highest rate is 0.0400, so 0", 1n, visaCredit, [anyCredit(400)], 0n, 0],
  ["nothing of nothing", 0n, visaCredit, [anyCredit(400)], 0n, 0],
  // Minor units, whatever a currency's exponent.
  ["JPY, exponent 0: 3 % of ¥1,250 is ¥38", 1_250n, visaCredit, [anyCredit(300)], 38n, 0],
  ["JPY, exponent 0: 4 % of ¥12 is nothing", 12n, visaCredit, [anyCredit(400)], 0n, 0],
  ["USD, exponent 2: 3 % of $12.50 is $0.38", 1_250n, visaCredit, [anyCredit(300)], 38n, 0],
  ["KWD, exponent 3: 3 % of 1.250 dinars is 0.038", 1_250n, visaCredit, [anyCredit(300)], 38n, 0],
  ["KWD, exponent 3: 2.75 % of 99.999 dinars is 2.750", 99_999n, visaCredit, [anyCredit(275)], 2_750n, 0],
  // Cut at the maximum, after rounding.
  ["below the maximum it is not cut", 10_000n, visaCredit, [anyCredit(300, "301")], 300n, 0],
  ["at the maximum it is not cut", 10_000n, visaCredit, [anyCredit(300, "300")], 300n, 0],
  ["above the maximum it is cut", 10_000n, visaCredit, [anyCredit(300, "299")], 299n, 0],
  ["rounded up and then cut", 20n, visaCredit, [anyCredit(250, "0")], 0n, 0],
  ["a maximum adds nothing to a small amount", 1n, visaCredit, [anyCredit(300, "5000")], 0n, 0],
  // Beyond what a double holds exactly.
  ["2^53 + 1", 9_007_199_254_740_993n, visaCredit, [anyCredit(400)], 360_287_970_189_640n, 0],
  ["a half of 15 digits", 999_999_999_999_965_000n, visaCredit, [anyCredit(1)], 99_999_999_999_997n, 0],
  ["a hair below it", 999_999_999_999_964_999n, visaCredit, [anyCredit(1)], 99_999_999_999_996n, 0],
  [
    "the most the wire carries",
    999_999_999_999_999_999n,
    visaCredit,
    [anyCredit(400)],
    40_000_000_000_000_000n,
    0,
  ],
  [
    "the most the wire carries, cut by one minor unit",
    999_999_999_999_999_999n,
    visaCredit,
    [anyCredit(400, "39999999999999999")],
    39_999_999_999_999_999n,
    0,
  ],
  [
    "a maximum beyond what a double holds",
    999_999_999_999_999_999n,
    visaCredit,
    [anyCredit(400, "999999999999999999")],
    40_000_000_000_000_000n,
    0,
  ],
];

export const surchargeVectors: readonly SurchargeVector[] = asked.map(
  ([name, amountMinor, card, rules, surchargeMinor, rule]) => ({
    name,
    amountMinor,
    card,
    rules,
    surchargeMinor,
    rule,
  }),
);
