import type { MessageKey } from "../locales/en.ts";
import { preSession } from "../locales/pre-session.ts";
import { isolated } from "../typed/isolated.ts";
import { dateFormat, numberFormat } from "./formats.ts";
import { formatInput, formatMoney, parseAmount } from "./money.ts";

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
  /** Of so many ms: “3 hours ago”; at least a minute. */
  ago: (ms: number) => string;
  percent: (basisPoints: number) => string;
}

export interface WordsOptions {
  locale: string;
  messages: Readonly<Record<string, string>>;
  exponentOf: (currency: string) => number;
}

const spans = [
  { unit: "day", per: 1440 },
  { unit: "hour", per: 60 },
] as const;

export function makeWords({ locale, messages, exponentOf }: WordsOptions): Words {
  const number = (options: Intl.NumberFormatOptions) => numberFormat(locale, options);
  const date = (value: number, options: Intl.DateTimeFormatOptions) =>
    dateFormat(locale, { dateStyle: "medium", ...options }).format(value);
  return {
    locale,
    dir: /^(ar|fa|he|ur)\b/.test(locale) ? "rtl" : "ltr",
    text: (key, params = {}) =>
      wordsFor(key, messages).replace(/\{(\w+)\}/g, (_, name: string) =>
        /^(customer|seller|invoice)$/.test(name)
          ? isolated(`${params[name] ?? ""}`)
          : `${params[name] ?? ""}`,
      ),
    money: (amountMinor, currency) =>
      formatMoney(BigInt(amountMinor), currency, { locale, exponent: exponentOf(currency) }),
    day: (value) => date(Date.parse(value), { timeZone: "UTC" }),
    time: (value) => date(Date.parse(value), { timeStyle: "short" }),
    days: (count) => number({ style: "unit", unit: "day", unitDisplay: "long" }).format(count),
    ago: (ms) => {
      const minutes = Math.max(1, Math.round(ms / 60_000));
      const { unit, per } = spans.find((span) => minutes >= span.per) ?? { unit: "minute", per: 1 };
      return new Intl.RelativeTimeFormat(locale).format(-Math.floor(minutes / per), unit);
    },
    percent: (basisPoints) =>
      number({ style: "percent", maximumFractionDigits: 2 }).format(basisPoints / 10000),
  };
}

/** Words that say much the same, for an edge of the release before these. */
const nearby: Partial<Record<MessageKey, MessageKey>> = {
  continue: "waiting.continue",
  "list.switch": "list.none",
};

/**
 * What an edge of another release has no words for gets the nearest there are: a code before there is a session, and
 * a finer hint than it knows.
 */
function wordsFor(key: MessageKey, messages: Readonly<Record<string, string>>): string {
  const nearest = nearestTo(key);
  const own = messages[key] ?? messages[nearby[key] ?? key.replace(/\w+$/, "invalid")];
  return own ?? (/^(list|continue)/.test(key) ? "" : (messages[nearest] ?? preSession.en[nearest]));
}

/** What the payer can do about it. */
function nearestTo(key: MessageKey) {
  if (key === "session.goOn") return "retry";
  if (/\.(token_|no_token)/.test(key)) return "early.anew";
  if (/session|proof/.test(key)) return "error.session_ended";
  // Of a tenant's: suspended, deleting, mismatch, unknown; the others pass by themselves.
  const isFinal = /\.(tenant_([sd]|mis|unk)|scope_|not_found|insecure_page|page_)/;
  return isFinal.test(key) ? "early.contact" : "error.unavailable";
}

const early: Record<string, Readonly<Record<string, string>>> = preSession;
const languageOf = (tag: string) => tag.toLowerCase().split("-")[0] ?? "";

/** The first of the wanted languages that the form speaks; undefined: none of them. */
export function spokenFirst(wanted: readonly string[]): string | undefined {
  return wanted.map(languageOf).find((language) => Object.hasOwn(early, language));
}

/** The words there are before a session has brought the rest. */
export function wordsBefore(wanted: readonly string[]): Words {
  const language = spokenFirst(wanted) ?? "en";
  const locale = regional(language, wanted);
  return makeWords({ locale, messages: early[language] ?? {}, exponentOf: () => 2 });
}

/** What the contract takes. */
const most = { tags: 10, characters: 35 };

/** Wanted languages, best first: the attribute, the page's, the browser's. What is no language tag is not asked for. */
export function wantedLocales(attribute: string | null): string[] {
  const wanted = [attribute, document.documentElement.lang, ...navigator.languages].map(
    (tag) => tag?.trim() ?? "",
  );
  return [...new Set(wanted.filter(isTag))].slice(0, most.tags);
}

/** The region the payer wants for a language the session speaks: `de` → `de-CH`, if its digits can be typed. */
export function regional(language: string, wanted: readonly string[]): string {
  const tag = wanted.find((each) => languageOf(each) === language) ?? language;
  const format = { locale: tag, exponent: 2 };
  return parseAmount(formatInput(1234567n, format), format) === 1234567n ? tag : language;
}

function isTag(tag: string): boolean {
  try {
    return tag.length <= most.characters && Intl.getCanonicalLocales(tag).length > 0;
  } catch {
    return false;
  }
}
