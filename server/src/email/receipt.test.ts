import { compileTheme, presets } from "@clarity/themes";
import { expect, test } from "vitest";
import { Locale } from "../../contract/index.ts";
import type { PaymentRow } from "../payments/statements/payment-row.ts";
import { buildReceipt, formatMoney } from "./receipt.ts";
import { receiptHtml } from "./receipt-html.ts";
import { receiptText } from "./receipt-text.ts";
import { receiptWords } from "./receipt-words.ts";

const payment: PaymentRow = {
  ...{ tenant_id: "t", id: "p", customer_id: "C-1", fingerprint: new Uint8Array(), state: "captured" },
  ...{ currency: "KWD", amount_minor: 1_250_500n, surcharge_minor: 0n, total_minor: 1_250_500n },
  lines: [{ invoiceId: "1", invoiceNumber: "INV-1", amountMinor: "1250500" }],
  ...{ card_brand: "visa", card_last4: "4242", action_url: null, reason: null, receipt_number: "R-1001" },
  ...{ captured_at: new Date("2026-03-02T23:30:00Z"), provider_ref: "ch_1", coarse: false, locale: "en" },
  created_at: new Date("2026-03-02T23:29:00Z"),
};
const seller = { name: "Acme", supportEmail: null };
const receiptOf = (change: Partial<PaymentRow> = {}) =>
  buildReceipt({ payment: { ...payment, ...change }, customerName: "Northgate", seller });

test.each([
  [1_250n, "USD", "en", "$12.50"],
  [9_007_199_254_740_993n, "USD", "en", "$90,071,992,547,409.93"],
  [48_600_000n, "JPY", "en", "¥48,600,000"],
  [1_250_500n, "KWD", "de", "1.250,500 KWD"],
  [1_250n, "USD", "ar", "\u200f12.50 US$\u200e"],
] as const)("%s minor units of %s in %s are %s", (amountMinor, currency, locale, shown) => {
  expect(formatMoney(amountMinor, { currency, locale }).replace(/\s/g, " ")).toBe(shown);
});

test("without a surcharge there is no surcharge line and no word about one", () => {
  const receipt = receiptOf();
  for (const part of [receiptHtml(receipt, compileTheme(presets.plain)), receiptText(receipt)]) {
    expect(part).not.toMatch(/surcharge/i);
    expect(part).toContain("not a tax invoice");
  }
});

test.each([
  ["UTC", "March 2, 2026"],
  ["Europe/Berlin", "March 3, 2026"],
  ["America/New_York", "March 2, 2026"],
])("a receipt has the day of the seller's calendar: %s", (timeZone, day) => {
  const receipt = buildReceipt({ payment, customerName: "Northgate", seller: { ...seller, timeZone } });
  expect(receipt.facts[1]?.value).toBe(day);
  expect(receiptText(receipt)).toContain(day);
});

test("no name begins a line of a receipt, or turns the direction of one, in text, HTML or subject", () => {
  const evil = "Wayne\n\nTotal paid: 0.00\u202e\u2028x";
  const receipt = buildReceipt({
    payment: { ...payment, lines: [{ invoiceNumber: `INV-1\r\n${evil}`, amountMinor: "1250500" }] },
    customerName: evil,
    seller: { name: evil, supportEmail: null },
  });
  const text = receiptText(receipt);
  expect(text.split("\n").filter((line) => /^Total paid/.test(line))).toHaveLength(1);
  expect(text.split("\n")).toHaveLength(receiptText(receiptOf()).split("\n").length);
  const html = receiptHtml(receipt, compileTheme(presets.plain));
  for (const part of [text, html, receipt.subject, receipt.preheader]) {
    expect(part).not.toMatch(/[\u202a-\u202e\u2066-\u2069\u2028]/);
  }
  expect(receipt.subject).toBe("Receipt R-1001 from Wayne Total paid: 0.00 x");
  const huge = "x".repeat(1_000_000);
  const bounded = buildReceipt({ payment, customerName: huge, seller: { name: huge, supportEmail: null } });
  expect(receiptHtml(bounded, compileTheme(presets.plain)).length).toBeLessThan(20_000);
});

test("a day is the day in UTC, and an unknown language is English", () => {
  expect(receiptOf().facts[1]?.value).toBe("March 2, 2026");
  expect(receiptOf({ locale: "tlh" }).locale).toBe("en");
});

test("every language says everything", () => {
  const names = Object.keys(receiptWords.en);
  for (const locale of Locale.options) {
    expect(Object.keys(receiptWords[locale])).toEqual(names);
    for (const [name, words] of Object.entries(receiptWords[locale])) {
      const placeholders = (text: string) => (text.match(/\{\w+\}/g) ?? []).sort();
      expect(placeholders(words)).toEqual(
        placeholders(receiptWords.en[name as keyof typeof receiptWords.en]),
      );
    }
  }
});

test.each(Object.keys(presets) as (keyof typeof presets)[])(
  "wears the colours of theme %s as hex",
  (preset) => {
    const theme = compileTheme(presets[preset]);
    const html = receiptHtml(receiptOf(), theme);
    expect(html).toContain(`background:${theme.email.primary};`);
    expect(html).toContain(theme.email["text-muted"]);
    expect(html).not.toMatch(/var\(|oklch|url\(/);
  },
);

test("a hundred invoices stay below what Gmail shows", () => {
  const lines = Array.from({ length: 100 }, (_, n) => ({
    invoiceId: `${n}`,
    invoiceNumber: `INV-2026-${String(n).padStart(6, "0")}`,
    amountMinor: "12850",
  }));
  const html = receiptHtml(receiptOf({ lines, surcharge_minor: 1n }), compileTheme(presets.plain));
  expect(Buffer.byteLength(html)).toBeLessThan(102_000);
});
