/** A day or an instant with its zone, as ISO 8601 writes them. @throws Error */
export function instant(text: string): Date {
  const time = new Date(text);
  if (isDay(text) && /^\d{4}-\d\d-\d\d(T.*(Z|[+-]\d\d:?\d\d))?$/.test(text) && !Number.isNaN(time.getTime()))
    return time;
  throw new Error(`${JSON.stringify(text)} is no time such as 2026-12-24 or 2026-12-24T18:00Z`);
}

/** `Date` takes 30 February for 2 March. */
export const isDay = (text: string) =>
  new Date(`${text.slice(0, 10)}T12:00Z`).getUTCDate() === Number(text.slice(8, 10));
