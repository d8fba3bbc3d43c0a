import { plain } from "../typed/plain.ts";
import { numberFormat } from "./formats.ts";

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
  const text = numberFormat(format.locale, {
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
  return numberFormat(locale, {
    minimumFractionDigits: exponent,
    maximumFractionDigits: exponent,
  }).format(toDecimal(amountMinor, exponent) as Intl.StringNumericLiteral);
}

export interface AmountFormat {
  /** Whose signs and digits the payer is shown. */
  locale: string;
  /** Decimals of the currency (ISO 4217). */
  exponent: number;
  /** ISO 4217; its own sign or letters may stand beside the number. */
  currency?: string | undefined;
}

/** `null`: no amount of this currency, or none that is certain. */
export type Parsed = bigint | null;

/**
 * Reads an amount as typed or pasted: `1,250.5`, `1.250,50`, `1 250`, `١٬٢٥٠٫٥`, `１２５０`, `$1,250.00`. The sign
 * that comes last is the decimal one. More decimals than the currency has are refused, never rounded; what is
 * negative is no amount; and what could be two amounts (`isAmbiguous`) is neither.
 */
export function parseAmount(text: string, format: AmountFormat): Parsed {
  const amount = read(text, format);
  return typeof amount === "bigint" ? amount : null;
}

/**
 * Whether a sign could separate decimals or thousands: `0,500` and `1,250` of a currency with three decimals, where
 * the comma is not the language's decimal sign. A thousandth part of a payment or a thousand payments hang on it.
 */
export function isAmbiguous(text: string, format: AmountFormat): boolean {
  return read(text, format) === "ambiguous";
}

function read(text: string, format: AmountFormat): bigint | "invalid" | "ambiguous" {
  const { number, isMarked } = bare(text, format);
  // Digits with one sign between them at most, and no longer than any balance.
  if (number.length > 40 || !/^[.,٫]?\d+([.,٫٬' ]\d+)*[.,٫]?$/.test(number)) return "invalid";
  const decimal = decimalSign(number, format, isMarked);
  if (decimal === "ambiguous") return decimal;
  const at = decimal ? number.lastIndexOf(decimal) : number.length;
  const whole = number.slice(0, at);
  const fraction = number.slice(at + 1);
  if (!isWhole(whole) || fraction.length > format.exponent || /\D/.test(fraction)) return "invalid";
  return BigInt(whole.replace(/\D/g, "") + fraction.padEnd(format.exponent, "0"));
}

/** The sign of `number` that separates decimals; "": none does. `isMarked`: it was written with its currency. */
function decimalSign(number: string, { locale, exponent }: AmountFormat, isMarked: boolean): string {
  const signs = number.replace(/\d/g, "");
  const last = signs.at(-1) ?? "";
  if (!/[.,٫]/.test(last)) return "";
  if (new Set(signs).size > 1 || last === "٫") return last;
  if (signs.length > 1) return "";
  const isLocal = last === localDecimal(locale, isMarked);
  const [, thousands] = /^(\d{1,3})[.,]\d{3}$/.exec(number) ?? [];
  if (isLocal || thousands === undefined) return last;
  // With fewer decimals than three they are thousands, and those never begin with a zero.
  return exponent > 2 || thousands.startsWith("0") ? "ambiguous" : "";
}

/** Digits alone, or in groups of one sign: three each, or two after the first as in India. */
function isWhole(text: string): boolean {
  const grouped = /^[1-9]\d{0,2}([.,٬' ]\d{2,3})*[.,٬' ]\d{3}$/.test(text);
  return /^\d*$/.test(text) || (grouped && new Set(text.replace(/\d/g, "")).size === 1);
}

/**
 * `.` or `,`: French Switzerland writes one in money and the other in numbers. Where it is the Arabic one, whose keyboards
 * have both, `.` stands for it.
 */
function localDecimal(locale: string, isMoney: boolean): string {
  const options = isMoney ? ({ style: "currency", currency: "USD" } as const) : undefined;
  const parts = numberFormat(locale, options).formatToParts(1.5);
  return parts.find(({ type }) => type === "decimal")?.value === "," ? "," : ".";
}

/** In ASCII, every apostrophe as one, without the currency's own sign or letters; `isMarked`: it had them. */
function bare(text: string, { locale, currency }: AmountFormat): { number: string; isMarked: boolean } {
  // What is longer is not cut to something shorter.
  if (text.length > 150) return { number: "", isMarked: false };
  const typed = plain(text).trim();
  for (const sign of currency ? [currency, signOf(currency, locale)] : []) {
    const rest = typed.startsWith(sign)
      ? typed.slice(sign.length)
      : typed.endsWith(sign) && typed.slice(0, -sign.length);
    if (rest !== false) return { number: apostrophes(rest), isMarked: true };
  }
  return { number: apostrophes(typed), isMarked: false };
}

const apostrophes = (text: string) => text.trim().replace(/[’ʼ`´]/g, "'");

function signOf(currency: string, locale: string): string {
  const parts = numberFormat(locale, { style: "currency", currency }).formatToParts(0);
  return plain(parts.find(({ type }) => type === "currency")?.value ?? currency).trim();
}
