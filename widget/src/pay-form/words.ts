import type { MessageKey } from "../locales/en.ts";
import { enWords } from "../locales/en-words.ts";
import { preSession } from "../locales/pre-session.ts";
import { formatMoney } from "./money.ts";

/** Words, numbers and dates in the payer's language. */
export interface Words {
  /** Language tag for `lang` and for formats. */
  locale: string;
  dir: "ltr" | "rtl";
  text: (key: MessageKey, params?: Record<string, string | number>) => string;
  money: (amountMinor: bigint | string, currency: string) => string;
  /** `YYYY-MM-DD`, a calendar date: the same day everywhere. */
  day: (date: string) => string;
  /** An instant, in the payer's own time zone. */
  time: (instant: string) => string;
  days: (count: number) => string;
  percent: (basisPoints: number) => string;
}

export interface WordsOptions {
  locale: string;
  messages: Readonly<Record<string, string>>;
  exponentOf: (currency: string) => number;
}

export function makeWords({ locale, messages, exponentOf }: WordsOptions): Words {
  const number = (options: Intl.NumberFormatOptions) => new Intl.NumberFormat(locale, options);
  const date = (value: number, options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(locale, { dateStyle: "medium", ...options }).format(value);
  return {
    locale,
    dir: /^(ar|fa|he|ur)\b/.test(locale) ? "rtl" : "ltr",
    text: (key, params = {}) =>
      wordsFor(key, messages).replace(/\{(\w+)\}/g, (_, name: string) => String(params[name] ?? "")),
    money: (amountMinor, currency) =>
      formatMoney(BigInt(amountMinor), currency, { locale, exponent: exponentOf(currency) }),
    day: (value) => date(Date.parse(value), { timeZone: "UTC" }),
    time: (value) => date(Date.parse(value), { timeStyle: "short" }),
    days: (count) => number({ style: "unit", unit: "day", unitDisplay: "long" }).format(count),
    percent: (basisPoints) =>
      number({ style: "percent", maximumFractionDigits: 2 }).format(basisPoints / 10000),
  };
}

/** A code whose words are not here (there is no session yet) gets the nearest there are. */
function wordsFor(key: MessageKey, messages: Readonly<Record<string, string>>): string {
  const nearest = /token|proof|session/.test(key) ? "error.session_ended" : "error.unavailable";
  const words: Record<string, string> = enWords;
  return (
    messages[key] ??
    (/^(error|decline)\./.test(key) ? messages[nearest] : undefined) ??
    words[key] ??
    words[nearest] ??
    ""
  );
}

/** The words there are before a session has brought the rest. */
export function wordsBefore(wanted: readonly string[]): Words {
  const spoken: Record<string, Readonly<Record<string, string>>> = { en: enWords, ...preSession };
  const locale = wanted.find((tag) => Object.hasOwn(spoken, tag.slice(0, 2))) ?? "en";
  return makeWords({ locale, messages: spoken[locale.slice(0, 2)] ?? enWords, exponentOf: () => 2 });
}

/** Wanted languages, best first: the attribute, the page's, the browser's. */
export function wantedLocales(attribute: string | null): string[] {
  const wanted = [attribute, document.documentElement.lang, ...navigator.languages];
  return [...new Set(wanted.filter((tag) => tag && isTag(tag)) as string[])].slice(0, 10);
}

/** The region the payer wants for a language the session speaks: `de` → `de-CH`. */
export function regional(language: string, wanted: readonly string[]): string {
  return wanted.find((tag) => tag.toLowerCase().split("-")[0] === language) ?? language;
}

function isTag(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length > 0;
  } catch {
    return false;
  }
}
