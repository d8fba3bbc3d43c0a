const formats = new Map<string, Intl.DateTimeFormat>();

function formatIn(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known) return known;
  const options = { timeZone, year: "numeric", month: "2-digit", day: "2-digit" } as const;
  const format = new Intl.DateTimeFormat("en-u-ca-gregory-nu-latn", options);
  formats.set(timeZone, format);
  return format;
}

/** A name of the IANA time zone database, such as `Europe/Berlin`; no offset: those know no summer time. */
export function isTimeZone(text: string): boolean {
  if (!/^[A-Z][A-Za-z0-9_+/-]{1,63}$/.test(text)) return false;
  try {
    new Intl.DateTimeFormat("en", { timeZone: text });
    return true;
  } catch {
    return false;
  }
}

/** The calendar day, `YYYY-MM-DD`, that an instant falls on in a time zone. */
export function dayIn(instant: Date, timeZone: string): string {
  const parts = Object.fromEntries(
    formatIn(timeZone)
      .formatToParts(instant)
      .map(({ type, value }) => [type, value]),
  );
  return `${parts.year?.padStart(4, "0")}-${parts.month}-${parts.day}`;
}
