/** Money as the payer reads and types it. Amounts are bigint minor units all the way; no float is made. */

/** `125000n`, exponent 2 → `"1250.00"`. */
export function toDecimal(amountMinor: bigint, exponent: number): string {
  const digits = amountMinor.toString().padStart(exponent + 1, "0");
  return exponent === 0 ? digits : `${digits.slice(0, -exponent)}.${digits.slice(-exponent)}`;
}

/** In the locale's own digits and signs; Intl reads the decimal string exactly (ECMA-402, NumberFormat v3). */
export function formatMoney(
  amountMinor: bigint,
  currency: string,
  format: { locale: string; exponent: number },
): string {
  const text = new Intl.NumberFormat(format.locale, {
    style: "currency",
    currency,
    minimumFractionDigits: format.exponent,
    maximumFractionDigits: format.exponent,
  }).format(toDecimal(amountMinor, format.exponent) as Intl.StringNumericLiteral);
  // In a line from right to left a last `$` would leave its `US` (UAX #9, N2): a left-to-right mark holds it.
  return text.replace(/([A-Z]\$)$/, "$1\u200e");
}

/** What stands in an amount field: the number alone, as `parseAmount` reads it back. */
export function formatInput(
  amountMinor: bigint,
  { locale, exponent }: { locale: string; exponent: number },
): string {
  return new Intl.NumberFormat(locale, {
    minimumFractionDigits: exponent,
    maximumFractionDigits: exponent,
  }).format(toDecimal(amountMinor, exponent) as Intl.StringNumericLiteral);
}

/** `null`: no amount of this currency. */
export type Parsed = bigint | null;

/**
 * Reads an amount as typed: `1,250.5`, `1.250,50`, `1 250`, `١٬٢٥٠٫٥`. The sign that comes last is
 * the decimal one; a single sign that could be either (`1,250`) means what it means in `locale`.
 * More decimals than the currency has are refused, never rounded.
 */
export function parseAmount(
  text: string,
  { locale, exponent }: { locale: string; exponent: number },
): Parsed {
  const plain = toAscii(text);
  // Nothing but digits and the two signs, at least one digit, and no longer than any balance.
  if (!/^[.,]?\d[\d.,]*$/.test(plain) || plain.length > 40) return null;
  const signs = plain.replace(/\d/g, "");
  const last = signs.at(-1);
  const decimal = last && isDecimal(plain, signs, locale) ? last : "";
  const at = decimal ? plain.lastIndexOf(decimal) : plain.length;
  const whole = plain.slice(0, at);
  const fraction = plain.slice(at + 1);
  const grouped =
    /^(\d*|\d{1,3}([.,]\d{2,3})*[.,]\d{3})$/.test(whole) && new Set(whole.replace(/\d/g, "")).size < 2;
  if (!grouped || fraction.length > exponent) return null;
  return BigInt(whole.replace(/\D/g, "") + fraction.padEnd(exponent, "0"));
}

/** Whether the last sign in `plain` separates decimals. */
function isDecimal(plain: string, signs: string, locale: string): boolean {
  const last = signs.at(-1) ?? "";
  if (new Set(signs).size > 1) return signs.indexOf(last) === signs.length - 1;
  if (signs.length > 1) return false;
  const local = toAscii(new Intl.NumberFormat(locale).format(1.5)).includes(".") ? "." : ",";
  return last === local || !/^\d{1,3}[.,]\d{3}$/.test(plain);
}

/** ASCII digits, `.` and `,` only; spaces, bidi marks and Swiss apostrophes go. Anything else stays and is refused. */
function toAscii(text: string): string {
  return (
    text
      .replace(/[\s'’\u200e\u200f\u061c]/g, "")
      .replace(/٫/g, ".")
      .replace(/٬/g, ",")
      // Arabic-Indic and Persian digits: both blocks begin at a multiple of 16, the low four bits are the digit.
      .replace(/[٠-٩۰-۹]/g, (digit) => String(digit.charCodeAt(0) & 15))
  );
}
