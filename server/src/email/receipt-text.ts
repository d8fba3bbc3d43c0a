import type { Receipt } from "./receipt.ts";
import { fill } from "./receipt-words.ts";

/** The same receipt for those who read mail as text. */
export function receiptText(receipt: Receipt): string {
  const { words } = receipt;
  const totals = receipt.surcharge
    ? [`${words.subtotal}: ${receipt.subtotal}`, `${words.surcharge}: ${receipt.surcharge}`]
    : [];
  return [
    receipt.seller,
    words.title,
    "",
    receipt.thanks,
    "",
    ...receipt.facts.map(({ label, value }) => `${label}: ${value}`),
    "",
    ...receipt.lines.map(({ invoiceNumber, amount }) => `${words.invoice} ${invoiceNumber}: ${amount}`),
    "",
    ...totals,
    `${words.total}: ${receipt.total}`,
    "",
    ...receipt.legal,
    ...(receipt.supportEmail ? [fill(words.questions, { email: receipt.supportEmail })] : []),
    "",
  ].join("\n");
}
