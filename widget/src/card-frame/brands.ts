export type Brand = "visa" | "mastercard" | "amex" | "discover" | "unknown";

export interface BrandRule {
  /** As the form and its surcharge rules know it. */
  brand: Brand;
  /** As payers know it; a proper name, the same in every language. */
  name: string;
  /** Of the first digits. */
  starts: RegExp;
  /** As printed on the shortest to the longest that are issued. */
  lengths: readonly number[];
  cvcLength: number;
  /** Sizes of the groups the digits are written in. */
  groups: readonly number[];
}

const fours = [4, 4, 4, 4, 3];
const from = (shortest: number, longest = 19) =>
  Array.from({ length: longest - shortest + 1 }, (_, index) => shortest + index);
const rule = (
  [brand, name]: [Brand, string],
  starts: RegExp,
  lengths: readonly number[],
  { cvcLength = 3, groups = fours }: Partial<BrandRule> = {},
): BrandRule => ({ brand, name, starts, lengths, cvcLength, groups });

/**
 * Issuer ranges and lengths (ISO/IEC 7812) as the networks publish them; the first that fits is the brand. What is in
 * no range may still be a card of a network that is not here: RuPay, Elo, Mir, Troy, Verve, Dankort.
 */
export const rules: readonly BrandRule[] = [
  rule(["visa", "Visa"], /^4/, [13, 16, 18, 19]),
  rule(["mastercard", "Mastercard"], /^(5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/, [16]),
  rule(["amex", "American Express"], /^3[47]/, [15], { cvcLength: 4, groups: [4, 6, 5] }),
  rule(["discover", "Discover"], /^(6011|64[4-9]|65)/, from(16)),
  rule(["unknown", "Diners Club"], /^3(0[0-5]|095|[689])/, from(14), { groups: [4, 6, 4, 5] }),
  rule(["unknown", "JCB"], /^35(2[89]|[3-8])/, from(16)),
  rule(["unknown", "UnionPay"], /^(62|81)/, from(16)),
  rule(["unknown", "Maestro"], /^(50(18|20|38)|5[6-8]|6304|6390|67)/, from(12)),
];
const other = rule(["unknown", ""], /^/, from(12));

export function ruleOf(digits: string): BrandRule {
  return rules.find(({ starts }) => starts.test(digits)) ?? other;
}

/** Mod 10 check (ISO/IEC 7812-1 annex B). */
export function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let at = 0; at < digits.length; at++) {
    const digit = Number(digits[digits.length - 1 - at]) * (at % 2 ? 2 : 1);
    sum += digit > 9 ? digit - 9 : digit;
  }
  return sum % 10 === 0;
}

export function isNumber(digits: string): boolean {
  return ruleOf(digits).lengths.includes(digits.length) && passesLuhn(digits);
}
