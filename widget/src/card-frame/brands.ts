export type Brand = "visa" | "mastercard" | "amex" | "discover" | "unknown";

interface BrandRule {
  brand: Brand;
  /** Of the first digits (ISO/IEC 7812 issuer ranges, as the networks publish them). */
  starts: RegExp;
  lengths: readonly number[];
  cvcLength: number;
  /** Sizes of the groups the digits are written in. */
  groups: readonly number[];
}

const fours = [4, 4, 4, 4, 3];
const rules: readonly BrandRule[] = [
  { brand: "visa", starts: /^4/, lengths: [13, 16, 19], cvcLength: 3, groups: fours },
  {
    brand: "mastercard",
    starts: /^(5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/,
    lengths: [16],
    cvcLength: 3,
    groups: fours,
  },
  { brand: "amex", starts: /^3[47]/, lengths: [15], cvcLength: 4, groups: [4, 6, 5] },
  { brand: "discover", starts: /^(6011|64[4-9]|65)/, lengths: [16, 19], cvcLength: 3, groups: fours },
];
const other: BrandRule = {
  brand: "unknown",
  starts: /^/,
  lengths: [13, 14, 15, 16, 17, 18, 19],
  cvcLength: 3,
  groups: fours,
};

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
