import type { Invoice, Session } from "@clarity/bff/contract";
import { formatInput, parseAmount } from "./money.ts";
import { formatOf, inFull } from "./pricing.ts";
import type { State } from "./state.ts";

/** The contract's most lines in one payment. */
export const maxLines = 100;

export function isPayable(invoice: Invoice): boolean {
  return invoice.payableMinor !== "0";
}

/** Why an invoice cannot be chosen now, if so. */
export function closedBecause(invoice: Invoice, state: State): "underWay" | "currency" | "limit" | null {
  if (!isPayable(invoice)) return "underWay";
  if (state.chosen.has(invoice.id)) return null;
  const currency = chosenCurrency(state);
  if (currency && currency !== invoice.currency) return "currency";
  return state.chosen.size >= maxLines ? "limit" : null;
}

const indexes = new WeakMap<readonly Invoice[], ReadonlyMap<string, Invoice>>();

/** Lists can be long, and every row asks. */
function byId(invoices: readonly Invoice[]): ReadonlyMap<string, Invoice> {
  const index = indexes.get(invoices) ?? new Map(invoices.map((invoice) => [invoice.id, invoice]));
  indexes.set(invoices, index);
  return index;
}

/** All chosen invoices are of one currency: the first one's. */
export function chosenCurrency({ chosen, invoices }: State): string | null {
  const [first = ""] = chosen.keys();
  return byId(invoices).get(first)?.currency ?? null;
}

export function toggled(state: State, invoice: Invoice, locale: string): ReadonlyMap<string, string> {
  const chosen = new Map(state.chosen);
  if (!chosen.delete(invoice.id) && !closedBecause(invoice, state))
    chosen.set(invoice.id, inFull(invoice, state, locale));
  return chosen;
}

/** All of a currency, as many as one payment may hold; or none when all are chosen already. */
export function allToggled(state: State, currency: string, locale: string): ReadonlyMap<string, string> {
  const payable = state.invoices
    .filter((each) => each.currency === currency && isPayable(each))
    .slice(0, maxLines);
  if (payable.every(({ id }) => state.chosen.has(id))) return new Map();
  return new Map(payable.map((each) => [each.id, state.chosen.get(each.id) ?? inFull(each, state, locale)]));
}

/**
 * After the list was read again: what can no longer be paid goes. What was to be paid whole stays whole when less is
 * left of it, and always where the seller takes no parts. Any other amount stays as it was typed, too high or not.
 */
export function kept(
  state: State,
  invoices: readonly Invoice[],
  locale: string,
): ReadonlyMap<string, string> {
  const chosen = new Map<string, string>();
  const before = byId(state.invoices);
  const wholeOnly = state.session?.flags?.["partial-payments"] === false;
  for (const invoice of invoices) {
    const text = state.chosen.get(invoice.id);
    const was = before.get(invoice.id);
    if (text === undefined || !was || was.currency !== invoice.currency || !isPayable(invoice)) continue;
    const less = BigInt(invoice.payableMinor) < BigInt(was.payableMinor);
    const whole =
      wholeOnly || (less && parseAmount(text, formatOf(was, state, locale)) === BigInt(was.payableMinor));
    chosen.set(invoice.id, whole ? inFull(invoice, state, locale) : text);
  }
  return chosen;
}

/** Whether a newer list leaves all that was chosen, and what may be paid of it, as it was. */
export function isUntouched(state: State, { invoices, chosen }: Pick<State, "invoices" | "chosen">): boolean {
  const [before, now] = [byId(state.invoices), byId(invoices)];
  return [...state.chosen].every(
    ([id, text]) => chosen.get(id) === text && before.get(id)?.payableMinor === now.get(id)?.payableMinor,
  );
}

/** Chosen invoices that a newer list takes out of the choice, or whose amount it changes or no longer allows; as they are now. */
export function touchedBy(
  state: State,
  { invoices, chosen }: Pick<State, "invoices" | "chosen">,
  locale: string,
): Invoice[] {
  const [before, now] = [byId(state.invoices), byId(invoices)];
  return [...state.chosen].flatMap(([id, text]) => {
    const was = before.get(id);
    if (!was) return [];
    const is = now.get(id) ?? { ...was, payableMinor: "0" };
    const tooMuch = (invoice: Invoice) =>
      (parseAmount(text, formatOf(invoice, state, locale)) ?? 0n) > BigInt(invoice.payableMinor);
    return chosen.get(id) !== text || (tooMuch(is) && !tooMuch(was)) ? [is] : [];
  });
}

/**
 * The choice in another language. The same signs mean other amounts there: each is written anew, and what could not
 * be read has to be typed again.
 */
export function translated(
  state: State,
  session: Session,
  { from, to }: { from: string; to: string },
): ReadonlyMap<string, string> {
  const chosen = kept(state, session.invoices, from);
  const rewritten = (invoice: Invoice): [string, string][] => {
    const text = chosen.get(invoice.id);
    if (text === undefined) return [];
    const amount = parseAmount(text, formatOf(invoice, state, from));
    return [[invoice.id, amount === null ? "" : formatInput(amount, formatOf(invoice, state, to))]];
  };
  return new Map(session.invoices.flatMap(rewritten));
}

/** An invoice that is the only one to pay is chosen from the start, unless a payment under way waits to be gone on with. */
export function preset(state: State, locale: string): State["chosen"] {
  const [only, ...others] = state.invoices.filter(isPayable);
  if (!only || others.length > 0 || state.waiting || state.elsewhere.length > 0 || state.chosen.size > 0)
    return state.chosen;
  return new Map([[only.id, inFull(only, state, locale)]]);
}
