import { formatMoney } from "./money.ts";
import { exponentOf, type Price } from "./pricing.ts";
import type { Notice, State } from "./state.ts";

/** The total is another than the payer agreed to: here it is, to be confirmed. */
export function changedPrice({ currency, totalMinor }: Price, state: State, locale: string): Notice {
  if (!currency) return { tone: "info", key: "error.amount_changed" };
  const amount = formatMoney(totalMinor, currency, { locale, exponent: exponentOf(state, currency) });
  return { tone: "info", key: "price.changed", params: { amount } };
}
