import type { Payment } from "@clarity/bff/contract";
import { html } from "lit/html.js";
import { isolated } from "../../typed/isolated.ts";
import { bidi } from "./bidi.ts";
import { icon } from "./icons.ts";
import type { View } from "./view.ts";

const mostNamed = 5;

/** Payments under way, each to be gone on with: the one left here, and those begun elsewhere. */
export function waiting(view: View) {
  const { waiting: left, elsewhere } = view.state;
  return [...(left ? [left] : []), ...elsewhere].map((payment) => banner(view, payment));
}

function banner({ state, flow, words }: View, payment: Payment) {
  const { totalMinor, currency, lines } = payment;
  const numbers = lines.slice(0, mostNamed).map(({ invoiceNumber }) => isolated(invoiceNumber));
  const invoices = [...numbers, ...(lines.length > mostNamed ? ["…"] : [])].join(", ");
  const key = payment === state.waiting ? "waiting.text" : "waiting.elsewhere";
  return html`<div class="notice waiting" part="notice">
    ${icon("clock")}
    <div>
      ${bidi(words.text(key, { amount: words.money(totalMinor, currency), invoices }))}
      <button type="button" class="text" part="button" @click=${() => flow.takeUp(payment)}>
        ${words.text("waiting.continue")}
      </button>
    </div>
  </div>`;
}
