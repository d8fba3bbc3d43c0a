import type { CompiledTheme } from "@clarity/themes";
import { Locale, longest, plainLine } from "../../contract/index.ts";
import { exponentOf, toDecimal } from "../money/money.ts";
import { fill, type ReceiptWords, receiptWords } from "./receipt-words.ts";

/** Everything a receipt says, in words; how it looks is the templates'. */
export interface Receipt {
  locale: Locale;
  direction: "ltr" | "rtl";
  words: ReceiptWords;
  seller: string;
  supportEmail: string | null;
  subject: string;
  preheader: string;
  thanks: string;
  /** Number, date, card, and what a hook adds. */
  facts: { label: string; value: string }[];
  lines: { invoiceNumber: string; amount: string }[];
  subtotal: string;
  /** Its own line, whenever there is one: card scheme rules and state laws ask for it. */
  surcharge: string | null;
  total: string;
  legal: string[];
}

/** What a receipt says of a captured payment; amounts in minor units. */
interface PaidPayment {
  receipt_number: string | null;
  currency: string;
  amount_minor: bigint;
  surcharge_minor: bigint;
  total_minor: bigint;
  lines: readonly { invoiceNumber: string; amountMinor: string }[];
  card_brand: string | null;
  card_last4: string | null;
  locale: string;
  captured_at: Date | null;
  created_at: Date;
}

export interface ReceiptInput {
  payment: PaidPayment;
  customerName: string;
  /** `timeZone`: of the seller's calendar; default UTC. */
  seller: { name: string; supportEmail: string | null; timeZone?: string };
}

const brands: Record<string, string> = {
  visa: "Visa",
  mastercard: "Mastercard",
  amex: "American Express",
  discover: "Discover",
};

export function buildReceipt({ payment, customerName, seller }: ReceiptInput): Receipt {
  const locale = Locale.safeParse(payment.locale).data ?? "en";
  const words = receiptWords[locale];
  const { currency } = payment;
  const { timeZone = "UTC" } = seller;
  const money = (amountMinor: bigint) => formatMoney(amountMinor, { currency, locale });
  const values = {
    number: payment.receipt_number ?? "",
    seller: plainLine(seller.name, longest.name),
    customer: plainLine(customerName, longest.name),
    total: money(payment.total_minor),
  };
  const card = payment.card_last4
    ? fill(words.cardEnding, {
        brand: brands[payment.card_brand ?? ""] ?? words.card,
        last4: payment.card_last4,
      })
    : "";
  const surcharged = payment.surcharge_minor > 0n;
  return {
    locale,
    direction: locale === "ar" ? "rtl" : "ltr",
    words,
    seller: values.seller,
    supportEmail: seller.supportEmail,
    subject: fill(words.subject, values),
    preheader: fill(words.preheader, values),
    thanks: fill(words.thanks, values),
    facts: [
      { label: words.number, value: values.number },
      {
        label: words.date,
        value: formatDate(payment.captured_at ?? payment.created_at, { locale, timeZone }),
      },
      ...(card ? [{ label: words.card, value: card }] : []),
    ],
    lines: payment.lines.map((line) => ({
      invoiceNumber: plainLine(line.invoiceNumber, longest.number),
      amount: money(BigInt(line.amountMinor)),
    })),
    subtotal: money(payment.amount_minor),
    surcharge: surcharged ? money(payment.surcharge_minor) : null,
    total: values.total,
    legal: surcharged ? [words.surchargeLegal, words.legal] : [words.legal],
  };
}

/** Exact: the number goes in as text. Western digits everywhere, as on the card statement. */
export function formatMoney(
  amountMinor: bigint,
  { currency, locale }: { currency: string; locale: Locale },
): string {
  const digits = exponentOf(currency);
  const format = new Intl.NumberFormat(`${locale}-u-nu-latn`, {
    style: "currency",
    currency,
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  const text = format.format(toDecimal(amountMinor, currency) as Intl.StringNumericLiteral);
  // In a line from right to left a last `$` would leave its `US` (UAX #9, N2): a left-to-right mark holds it.
  return text.replace(/([A-Z]\$)$/, "$1\u200e");
}

const formatDate = (instant: Date, { locale, timeZone }: { locale: Locale; timeZone: string }): string =>
  new Intl.DateTimeFormat(`${locale}-u-ca-gregory-nu-latn`, { dateStyle: "long", timeZone }).format(instant);

export type ReceiptTheme = Pick<CompiledTheme, "email" | "modes" | "light">;
