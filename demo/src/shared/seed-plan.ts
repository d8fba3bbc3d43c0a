/**
 * What both stand-ins are filled with: the shapes a payer and a test need. Dates are days from the
 * day of the first seed, amounts decimal text in the invoice's currency.
 */
export interface PlannedInvoice {
  currency: "USD" | "EUR" | "JPY" | "KWD";
  total: string;
  /** Still owed; less than `total` when part was paid before our time. */
  open: string;
  issuedDay: number;
  /** Negative: overdue. */
  dueDay: number;
}

const invoice = (
  currency: PlannedInvoice["currency"],
  total: string,
  dueDay: number,
  open = total,
): PlannedInvoice => ({ currency, total, open, dueDay, issuedDay: Math.min(dueDay - 30, -1) });

/** The everyday account: a few dollars, one large, some overdue, one half paid. */
export const everyday = [
  invoice("USD", "1250.00", -42),
  invoice("USD", "18420.75", -12, "9420.75"),
  invoice("USD", "640.10", -1),
  invoice("USD", "89.99", 0),
  invoice("USD", "3310.00", 9),
  invoice("USD", "1284999.95", 21),
  invoice("EUR", "2150.40", -6),
  invoice("EUR", "740.00", 18),
];

/** Every currency the stand-ins know, each beyond a million once. */
export const currencies = [
  invoice("USD", "2400000.00", 14),
  invoice("EUR", "1875000.25", -20),
  invoice("EUR", "59.90", 4),
  invoice("JPY", "1250", -3),
  invoice("JPY", "48600000", 11),
  invoice("KWD", "1250.500", -9),
  invoice("KWD", "1040300.125", 25),
];

/** One big euro account. */
export const european = [
  invoice("EUR", "12600.00", -30),
  invoice("EUR", "5480.20", -2),
  invoice("EUR", "1004250.00", 28),
  invoice("EUR", "310.55", 6),
];

/** Forty open invoices: paging, scrolling, choosing several. */
export const many: PlannedInvoice[] = Array.from({ length: 40 }, (_, index) => {
  // Plain arithmetic instead of chance: the same account every time.
  const cents = index === 0 ? 124_000_050 : 190_000 + ((index * 79_190) % 970_000);
  return invoice(
    index % 8 === 7 ? "EUR" : "USD",
    `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, "0")}`,
    index * 2 - 36,
  );
});

/** `YYYY-MM-DD` of a day counted from another. */
export function dayFrom(first: string, days: number): string {
  const date = new Date(`${first}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() + days);
  return date.toISOString().slice(0, 10);
}

export const today = (now: Date = new Date()): string => now.toISOString().slice(0, 10);
