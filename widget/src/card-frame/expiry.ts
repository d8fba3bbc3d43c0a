import { plain } from "../typed/plain.ts";

export interface Expiry {
  /** 1 to 12. */
  month: number;
  /** Four digits. */
  year: number;
}

const month = "(?<month>0?[1-9]|1[0-2])";
const monthOfTwo = "(?<month>0[1-9]|1[0-2])";
const year = "(?<year>20\\d\\d|\\d\\d)";
const sign = "\\D{1,5}";

/**
 * Every way of writing month and year that reads in one way only. The month comes first, as it is printed on cards,
 * unless what stands there can be none.
 */
const readings = [
  // 12/34 · 1/34 · 12 2034
  month + sign + year,
  // 2034/12 · 2034-1 · 34/12
  `(?<year>20\\d\\d|1[3-9]|[2-9]\\d)${sign}${month}`,
  // 1234 · 122034
  monthOfTwo + year,
  // 203412 · 3412
  `(?<year>20\\d\\d|[2-9]\\d)${monthOfTwo}`,
  // 134 · 12034, and not 123 or 203, of which digits are missing
  `(?!(1[0-2]|20).$)(?<month>[1-9])${year}`,
].map((reading) => new RegExp(`^${reading}$`));

/** Null: it is not written to its end, or cannot be read. */
export function parseExpiry(text: string): Expiry | null {
  const typed = plain(text).trim();
  for (const reading of readings) {
    const { month, year } = reading.exec(typed)?.groups ?? {};
    if (month && year) return { month: Number(month), year: 2000 + (Number(year) % 2000) };
  }
  return null;
}

/** As it is printed on cards. */
export function writeExpiry({ month, year }: Expiry): string {
  return `${String(month).padStart(2, "0")} / ${year % 100 < 10 ? "0" : ""}${year % 100}`;
}

/** Whether one more digit makes another expiry of it. */
export function mayGoOn(text: string): boolean {
  return [..."0123456789"].some((digit) => parseExpiry(text + digit));
}

/** The last place on earth to leave a month is twelve hours behind UTC. */
const lastPlaceMs = 12 * 3_600_000;

/** A card is good through the last day of its month, wherever on earth that day ends last. */
export function isPast({ month, year }: Expiry, now: Date): boolean {
  return Date.UTC(year, month) <= now.getTime() - lastPlaceMs;
}
