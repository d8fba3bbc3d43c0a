import { lookUpBin } from "./bins.ts";

export interface CardInput {
  /** Digits; blanks and dashes between them are dropped. */
  number: string;
  /** 1 to 12. */
  expiryMonth: number;
  /** Four digits. */
  expiryYear: number;
  cvc: string;
}

/** The digits of a card that could be real at this instant, or `null`: Luhn, length, expiry, CVC length. */
export function checkCard(input: CardInput, now: Date): string | null {
  const digits = input.number.replace(/[ -]/g, "");
  if (!/^\d{12,19}$/.test(digits) || !passesLuhn(digits)) return null;
  const cvcLength = lookUpBin(digits.slice(0, 8)).brand === "amex" ? 4 : 3;
  if (!/^\d+$/.test(input.cvc) || input.cvc.length !== cvcLength) return null;
  if (input.expiryMonth < 1 || input.expiryMonth > 12) return null;
  // Good through the last day of its month wherever that still lasts: at UTC−12. Date.UTC's month is zero-based, so
  // this is the month after.
  const expiresAt = Date.UTC(input.expiryYear, input.expiryMonth, 1, 12);
  return expiresAt > now.getTime() ? digits : null;
}

/** ISO/IEC 7812-1 annex B. */
function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (const [index, digit] of [...digits].reverse().entries()) {
    const value = Number(digit) * (index % 2 === 0 ? 1 : 2);
    sum += value > 9 ? value - 9 : value;
  }
  return sum % 10 === 0;
}
