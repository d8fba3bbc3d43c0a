import { language } from "../words/words.ts";

/** Western digits everywhere, as on cards and invoices. */
const locale = `${language}-u-ca-gregory-nu-latn`;

let timeZone = "UTC";
/** The seller's calendar: what every date of the pages is in. */
export const useTimeZone = (zone: string): void => {
  timeZone = zone;
};

const currencies = new Map<string, Intl.NumberFormat>();

/** Exact: digits go in as text. @param minor minor units as digits */
export function money(minor: string, currency: string): string {
  const format = currencies.get(currency) ?? new Intl.NumberFormat(locale, { style: "currency", currency });
  currencies.set(currency, format);
  const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
  const padded = minor.padStart(digits + 1, "0");
  const at = padded.length - digits;
  const decimal = digits === 0 ? padded : `${padded.slice(0, at)}.${padded.slice(at)}`;
  return format.format(decimal as Intl.StringNumericLiteral);
}

/** Short: `$1.2M`. */
export function compactMoney(minor: string, currency: string): string {
  const digits =
    new Intl.NumberFormat(locale, { style: "currency", currency }).resolvedOptions().maximumFractionDigits ??
    2;
  const format = new Intl.NumberFormat(locale, {
    style: "currency",
    currency,
    notation: "compact",
    maximumFractionDigits: 1,
  });
  return format.format(Number(minor) / 10 ** digits);
}

export const dateTime = (instant: string): string =>
  new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short", timeZone }).format(
    new Date(instant),
  );

export const time = (instant: string): string =>
  new Intl.DateTimeFormat(locale, { timeStyle: "medium", timeZone }).format(new Date(instant));

export const day = (instant: string): string =>
  new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeZone }).format(new Date(instant));

/** @param calendarDay `YYYY-MM-DD` */
export const shortDay = (calendarDay: string): string =>
  new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", timeZone: "UTC" }).format(
    new Date(`${calendarDay}T12:00:00Z`),
  );

/** With its year. @param date `YYYY-MM-DD` */
export const calendarDay = (date: string): string =>
  new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeZone: "UTC" }).format(
    new Date(`${date}T12:00:00Z`),
  );

export const percent = (part: number): string =>
  new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 1 }).format(part);

export const count = (n: number): string => new Intl.NumberFormat(locale).format(n);
