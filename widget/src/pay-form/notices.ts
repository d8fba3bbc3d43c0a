import type { Invoice } from "@clarity/bff/contract";
import { isolated } from "../typed/isolated.ts";
import { formatMoney } from "./money.ts";
import { exponentOf, type Price } from "./pricing.ts";
import type { Notice, State } from "./state.ts";

/** More changes than these are not spelt out in one message. */
const mostNamed = 5;

/** Too little for one payment, and how much would do. */
export function tooSmall(leastMinor: bigint, currency: string, state: State, locale: string): Notice {
  const amount = formatMoney(leastMinor, currency, { locale, exponent: exponentOf(state, currency) });
  const and: Notice = { tone: "danger", key: "amount.low", params: { amount } };
  return { tone: "danger", key: "error.amount_below_minimum", and };
}

/** The total is another than the payer agreed to: here it is, to be confirmed. */
export function changedPrice({ currency, totalMinor }: Price, state: State, locale: string): Notice {
  if (!currency) return { tone: "info", key: "error.amount_changed" };
  const amount = formatMoney(totalMinor, currency, { locale, exponent: exponentOf(state, currency) });
  return { tone: "info", key: "price.changed", params: { amount } };
}

/** A list that was read behind the payer's back touched what they had chosen: each of these invoices, and what is left to pay of it. */
export function changedChoice(touched: readonly Invoice[], state: State, locale: string): Notice | undefined {
  if (!touched.length) return undefined;
  const left = touched.slice(0, mostNamed).map(({ number, currency, payableMinor }) => {
    const format = { locale, exponent: exponentOf(state, currency) };
    return `${isolated(number)}: ${formatMoney(BigInt(payableMinor), currency, format)}`;
  });
  const more = touched.length > mostNamed ? ["…"] : [];
  return {
    tone: "info",
    key: "list.changed",
    params: { invoices: new Intl.ListFormat(locale, { type: "unit" }).format([...left, ...more]) },
  };
}
