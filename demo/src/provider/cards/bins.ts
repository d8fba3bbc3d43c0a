export type Brand = "visa" | "mastercard" | "amex" | "discover" | "unknown";
export type Funding = "credit" | "debit" | "prepaid" | "unknown";

export interface Bin {
  brand: Brand;
  funding: Funding;
  /** ISO 3166-1 alpha-2; `null`: not in the table. */
  country: string | null;
}

const table: Readonly<Record<string, Bin>> = {
  "40000000": { brand: "visa", funding: "credit", country: "US" },
  "40000027": { brand: "visa", funding: "credit", country: "DE" },
  "40000566": { brand: "visa", funding: "debit", country: "US" },
  "42424242": { brand: "visa", funding: "credit", country: "US" },
  "55555555": { brand: "mastercard", funding: "credit", country: "US" },
  "37828224": { brand: "amex", funding: "credit", country: "US" },
  "60111111": { brand: "discover", funding: "credit", country: "US" },
};

/** Issuer ranges (ISO/IEC 7812) of the brands; the rest of the world is `unknown`. */
const ranges: readonly (readonly [RegExp, Brand])[] = [
  [/^4/, "visa"],
  [/^(?:5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/, "mastercard"],
  [/^3[47]/, "amex"],
  [/^(?:6011|64[4-9]|65)/, "discover"],
];

/** What the first 8 digits say about a card. */
export function lookUpBin(first8: string): Bin {
  const known = table[first8];
  if (known) return known;
  const range = ranges.find(([pattern]) => pattern.test(first8));
  return { brand: range?.[1] ?? "unknown", funding: "unknown", country: null };
}
