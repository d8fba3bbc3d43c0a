import { amountProblem } from "./amount-problem.ts";
import type { View } from "./view.ts";

/** What a screen reader hears of changes that move no focus. Sums and refused amounts wait until typing pauses. */
export function announcement(view: View): string {
  const { state, price, words, ui } = view;
  const { phase } = state;
  if (phase.name === "paying") return words.text(`progress.${phase.words}`);
  if (phase.name !== "choosing") return "";
  if (!ui.typing) ui.spoken = price.invalid.size ? refused(view) || ui.spoken : selected(view);
  return ui.spoken;
}

function refused(view: View): string {
  const { state, price, words } = view;
  const wrong = state.invoices.filter(({ id }) => price.invalid.has(id));
  const invoice = wrong.find((each) => amountProblem(view, each));
  return invoice
    ? `${words.text("amount.label", { invoice: invoice.number })}: ${amountProblem(view, invoice)}`
    : "";
}

function selected({ price, words, ui }: View): string {
  ui.currency = price.currency ?? ui.currency;
  if (!ui.currency) return "";
  const amount = words.money(price.totalMinor, ui.currency);
  return words.text("list.selected", { count: price.lines.length, amount });
}
