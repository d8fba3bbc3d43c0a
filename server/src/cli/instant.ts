/** A day or an instant with its zone, as ISO 8601 writes them. @throws Error */
export function instant(text: string): Date {
  const time = new Date(text);
  if (/^\d{4}-\d\d-\d\d(T.*(Z|[+-]\d\d:?\d\d))?$/.test(text) && !Number.isNaN(time.getTime())) return time;
  throw new Error(`${JSON.stringify(text)} is no time such as 2026-12-24 or 2026-12-24T18:00Z`);
}
