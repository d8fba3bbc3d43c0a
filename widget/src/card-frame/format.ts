import { digitsOf, plain } from "../typed/plain.ts";
import { ruleOf } from "./brands.ts";

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

/** `4` → `04`, `0429` → `04 / 29`, `04/2029` → `04 / 2029`, `2029-04` (autofill) → `04 / 29`. */
export function formatExpiry(typed: Typed): Typed {
  const text = plain(typed.text);
  const caret = plain(typed.text.slice(0, typed.caret)).length;
  const iso = /^(20\d\d)-(\d\d)$/.exec(text.trim());
  if (iso) return formatExpiry({ text: `${iso[2]}${iso[1]?.slice(2)}`, caret: 4 });
  const slashed = /^\s*(\d)\s*[/.-]/.exec(text);
  let digits = digitsOf(text);
  let before = digitsOf(text.slice(0, caret)).length;
  if (slashed || /^[2-9]/.test(digits)) {
    digits = `0${digits}`;
    before++;
  }
  digits = digits.slice(0, /^..20\d/.test(digits) ? 6 : 4);
  // A sign right after the digits was typed; one after a blank is ours, being deleted.
  const open = digits.length === 2 && (slashed || /\d[/.-]\s*$/.test(text));
  if (digits.length < 3 && !open) return place(digits, before);
  return place(`${digits.slice(0, 2)} / ${digits.slice(2)}`, before, digits.length === 2);
}

export interface Expiry {
  /** 1 to 12. */
  month: number;
  /** Four digits. */
  year: number;
}

export function parseExpiry(text: string): Expiry | null {
  const digits = digitsOf(text);
  const month = Number(digits.slice(0, 2));
  const year = Number(digits.slice(2));
  if (!/^\d{4}(\d\d)?$/.test(digits) || month < 1 || month > 12) return null;
  if (digits.length === 6 && !/^20/.test(digits.slice(2))) return null;
  return { month, year: digits.length === 4 ? 2000 + year : year };
}

/** The last place on earth to leave a month is twelve hours behind UTC. */
const lastPlaceMs = 12 * 3_600_000;

/** A card is good through the last day of its month, wherever on earth that day ends last. */
export function isPast({ month, year }: Expiry, now: Date): boolean {
  return Date.UTC(year, month) <= now.getTime() - lastPlaceMs;
}

/** The caret after the same number of digits as before; at the end when nothing follows it. */
function place(text: string, digitsBefore: number, atEnd = false): Typed {
  let caret = 0;
  for (let seen = 0; caret < text.length && seen < digitsBefore; caret++)
    if (/\d/.test(text[caret] ?? "")) seen++;
  const rest = text.slice(caret);
  return { text, caret: atEnd || !/\d/.test(rest) ? text.length : caret };
}
