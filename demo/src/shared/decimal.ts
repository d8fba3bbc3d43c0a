/** Digits an amount of the currency has (ISO 4217), for the four the stand-ins trade in. */
const digits: Record<string, number> = { USD: 2, EUR: 2, JPY: 0, KWD: 3 };

/** `numeric` text from the database as the JSON number an ERP sends: `"1250.500"` → `1250.5`. */
export const toJsonNumber = (numeric: string): number => Number(numeric);

/** For people: `1,250.500 KWD`. */
export function forPeople(numeric: string, currency: string): string {
  const count = digits[currency] ?? 2;
  return `${new Intl.NumberFormat("en-US", {
    minimumFractionDigits: count,
    maximumFractionDigits: count,
  }).format(Number(numeric))} ${currency}`;
}

/** Is it a whole number of minor units? ERPs refuse what they cannot book. */
export function fitsCurrency(amount: number, currency: string): boolean {
  const [, fraction = ""] = String(amount).split(".");
  return Number.isFinite(amount) && fraction.length <= (digits[currency] ?? 2);
}
