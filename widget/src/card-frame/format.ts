import { digitsOf, plain } from "../typed/plain.ts";
import { ruleOf } from "./brands.ts";
import { mayGoOn, parseExpiry, writeExpiry } from "./expiry.ts";

export interface Typed {
  text: string;
  /** Where the caret stands in `text`. */
  caret: number;
}

/** Groups a card number as its brand prints it; the caret keeps its place among the digits. */
export function formatNumber({ text, caret }: Typed): Typed {
  const rule = ruleOf(digitsOf(text));
  const digits = digitsOf(text).slice(0, Math.max(...rule.lengths));
  const parts: string[] = [];
  let from = 0;
  for (const size of rule.groups) {
    if (from < digits.length) parts.push(digits.slice(from, from + size));
    from += size;
  }
  return place(parts.join(" "), digitsOf(text.slice(0, caret)).length);
}

/**
 * `0429` → `04 / 29`, `04/2029` → `04 / 2029`, `429` → `04 / 29`; year first, `203412` and `34/12` → `12 / 34`. What
 * may still become one or the other stays as it is typed.
 */
export function formatExpiry(typed: Typed): Typed {
  const text = plain(typed.text);
  const caret = plain(typed.text.slice(0, typed.caret)).length;
  if (/^\s*([2-9]\d|1[3-9]\s*[/.,-])/.test(text)) return yearFirst({ text, caret });
  const slashed = /^\s*\d(\s*[/.,-]|\s+(\d|$))/.test(text);
  let digits = digitsOf(text);
  let before = digitsOf(text.slice(0, caret)).length;
  if (slashed || /^\s*1([3-9]\d?|20\d\d)\s*$/.test(text)) {
    digits = `0${digits}`;
    before++;
  }
  digits = digits.slice(0, /^..20\d/.test(digits) ? 6 : 4);
  // A sign right after the digits was typed; one after a blank is ours, being deleted.
  const open = digits.length === 2 && (slashed || /\d[/.,-]\s*$/.test(text));
  if (digits.length < 3 && !open) return place(digits, before);
  return place(`${digits.slice(0, 2)} / ${digits.slice(2)}`, before, digits.length === 2);
}

/** What stands ahead is no month: a year, or a month of one digit with the year after it. */
function yearFirst({ text, caret }: Typed): Typed {
  const expiry = mayGoOn(text) ? null : parseExpiry(text);
  if (expiry) return place(writeExpiry(expiry), 4);
  const cleaned = (part: string) => part.replace(/[^\d/., -]/g, "").slice(0, longestExpiry);
  return { text: cleaned(text), caret: cleaned(text.slice(0, caret)).length };
}

/** `2034 / 12` */
const longestExpiry = 9;

/** The caret after the same number of digits as before; at the end when nothing follows it. */
function place(text: string, digitsBefore: number, atEnd = false): Typed {
  let caret = 0;
  for (let seen = 0; caret < text.length && seen < digitsBefore; caret++)
    if (/\d/.test(text[caret] ?? "")) seen++;
  const rest = text.slice(caret);
  return { text, caret: atEnd || !/\d/.test(rest) ? text.length : caret };
}
