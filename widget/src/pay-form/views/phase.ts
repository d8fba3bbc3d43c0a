import { html, nothing } from "lit/html.js";
import { formView } from "./form.ts";
import { blockedView, challengeView, emptyView, progressView, skeleton, unclearView } from "./panel.ts";
import { receiptView } from "./receipt.ts";
import type { View } from "./view.ts";

/**
 * The view of a phase. The form stays in the page, hidden, while a payment is under way over it, and it is there as
 * soon as the card frame is: one that is put somewhere else later would load again.
 */
export function phaseView(view: View) {
  const { phase, invoices, list, card } = view.state;
  switch (phase.name) {
    case "blocked":
      return blockedView(view);
    case "receipt":
      return receiptView(view, phase.payment);
    case "choosing":
      // An old list without rows, of which news is on its way, does not say that nothing is owed.
      if (!invoices.length) return list.state === "refreshing" ? skeleton(view) : emptyView(view);
  }
  const over = phase.name !== "choosing" && (phase.name !== "paying" || card.status !== "ready");
  return html`${view.cardFrame || !over ? formView(view, over) : nothing}${over ? overlay(view) : nothing}`;
}

function overlay(view: View) {
  const { phase } = view.state;
  if (phase.name === "loading") return skeleton(view);
  if (phase.name === "challenge") return challengeView(view);
  return phase.name === "paying" ? progressView(view, `progress.${phase.words}`) : unclearView(view);
}
