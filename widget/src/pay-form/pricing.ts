import type { Invoice, PaymentLine, SurchargeRule } from "@clarity/bff/contract";
import { type AmountFormat, formatInput, isAmbiguous, parseAmount } from "./money.ts";
import type { State } from "./state.ts";
import { surchargeOf } from "./surcharge.ts";

export type AmountProblem = "invalid" | "ambiguous" | "low" | "high";

/** What the present choice costs. Derived from the state, never kept in it. */
export interface Price {
  /** Of the chosen invoices; null when none is chosen. */
  currency: string | null;
  lines: PaymentLine[];
  /** Invoice id → why its amount cannot be paid. */
  invalid: ReadonlyMap<string, AmountProblem>;
  amountMinor: bigint;
  surchargeMinor: bigint;
  totalMinor: bigint;
  rule: SurchargeRule | null;
}

export function priceOf(state: State, locale: string): Price {
  const chosen = state.invoices.filter((invoice) => state.chosen.has(invoice.id));
  const currency = chosen[0]?.currency ?? null;
  const lines: PaymentLine[] = [];
  const invalid = new Map<string, AmountProblem>();
  let amountMinor = 0n;
  for (const invoice of chosen) {
    const amount = amountOf(invoice, state, locale);
    if (typeof amount === "string") {
      invalid.set(invoice.id, amount);
      continue;
    }
    amountMinor += amount;
    lines.push({ invoiceId: invoice.id, amountMinor: String(amount) });
  }
  const { quote } = state;
  const computed = surchargeOf(amountMinor, state.card, state.session?.surcharge ?? []);
  const quoted = quote && BigInt(quote.amountMinor) === amountMinor;
  const surchargeMinor = quoted ? BigInt(quote.surchargeMinor) : computed.amountMinor;
  const totalMinor = quoted ? BigInt(quote.totalMinor) : amountMinor + surchargeMinor;
  return { currency, lines, invalid, amountMinor, surchargeMinor, totalMinor, rule: computed.rule };
}

function amountOf(invoice: Invoice, state: State, locale: string): bigint | AmountProblem {
  const text = state.chosen.get(invoice.id) ?? "";
  const format = formatOf(invoice, state, locale);
  const parsed = parseAmount(text, format);
  if (parsed === null) return isAmbiguous(text, format) ? "ambiguous" : "invalid";
  if (parsed < 1n) return "low";
  return parsed > BigInt(invoice.payableMinor) ? "high" : parsed;
}

/** What the seller takes in one payment at least, where this is less; what pays each invoice's whole rest never is. */
export function leastMinor({ currency, lines, amountMinor }: Price, state: State): bigint | null {
  const least = BigInt(state.session?.minimumMinor?.[currency ?? ""] ?? 0);
  const restOf = new Map(state.invoices.map(({ id, payableMinor }) => [id, payableMinor]));
  const isWhole = lines.every((line) => restOf.get(line.invoiceId) === line.amountMinor);
  return isWhole || amountMinor >= least ? null : least;
}

/** ISO 4217 exponent, as the session tells it. */
export function exponentOf(state: State, currency: string): number {
  return state.session?.currencies[currency] ?? 2;
}

/** How amounts of this invoice are written and read. */
export function formatOf({ currency }: Invoice, state: State, locale: string): AmountFormat {
  return { locale, exponent: exponentOf(state, currency), currency };
}

/** What an amount field holds when all of the invoice is to be paid. */
export function inFull(invoice: Invoice, state: State, locale: string): string {
  return formatInput(BigInt(invoice.payableMinor), formatOf(invoice, state, locale));
}
