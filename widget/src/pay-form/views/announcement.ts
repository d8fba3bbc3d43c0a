import type { View } from "./view.ts";

/** What a screen reader hears of changes that move no focus. Totals wait until typing has stopped. */
export function announcement({ state, price, words, ui }: View): string {
  const { phase } = state;
  if (phase.name === "paying") return words.text(`progress.${phase.words}`);
  if (phase.name !== "choosing" || !price.currency) return "";
  if (!ui.typing) {
    const amount = words.money(price.totalMinor, price.currency);
    ui.spoken = words.text("list.selected", { count: price.lines.length, amount });
  }
  return ui.spoken;
}
