import type { Invoice } from "@clarity/bff/contract";
import { inFull } from "../pricing.ts";
import type { View } from "./view.ts";

/** Why an amount cannot be paid, in words; "": it can, or the payer is still at it. */
export function amountProblem({ state, price, words, ui }: View, invoice: Invoice): string {
  const problem = price.invalid.get(invoice.id);
  if (!problem || (problem !== "high" && !state.checked && !ui.touched.has(invoice.id))) return "";
  const { currency } = invoice;
  const amount =
    problem === "low"
      ? words.money(1n, currency)
      : problem === "high"
        ? words.money(invoice.payableMinor, currency)
        : inFull(invoice, state, words.locale);
  return words.text(`amount.${problem}`, { amount });
}
