import type { Payment } from "@clarity/bff/contract";
import { html, nothing } from "lit/html.js";
import { icon } from "./icons.ts";
import type { View } from "./view.ts";

const brands: Record<string, string> = {
  visa: "Visa",
  mastercard: "Mastercard",
  amex: "American Express",
  discover: "Discover",
};

export function receiptView({ state, words, flow, print }: View, payment: Payment) {
  const { receipt, currency } = payment;
  const money = (amount: string) => words.money(amount, currency);
  const fact = (label: string, value: unknown) => html`<div><dt>${label}</dt><dd>${value}</dd></div>`;
  const card =
    receipt && `${brands[receipt.card.brand] ?? words.text("receipt.card")} •••• ${receipt.card.last4}`;
  return html`<section class="receipt" part="receipt">
    <header>
      <span class="emblem" data-tone="success">${icon("check")}</span>
      <h2 tabindex="-1" data-focus="heading">${words.text("receipt.title")}</h2>
      <p class="big">${money(payment.totalMinor)}</p>
      <p class="muted">${words.text("receipt.text")}</p>
    </header>
    <dl>
      ${fact(words.text("receipt.number"), html`<b><bdi>${receipt?.number}</bdi></b>`)}
      ${fact(words.text("receipt.date"), receipt ? (receipt.capturedOn ? words.day(receipt.capturedOn) : words.time(receipt.capturedAt)) : nothing)}
      ${fact(words.text("receipt.paidTo"), html`<bdi>${state.session?.seller.name}</bdi>`)}
      ${fact(words.text("receipt.card"), html`<bdi>${card}</bdi>`)}
    </dl>
    <table>
      <thead><tr><th scope="col">${words.text("receipt.invoice")}</th><th scope="col">${words.text("receipt.amount")}</th></tr></thead>
      <tbody>
        ${payment.lines.map((line) => html`<tr><td><bdi>${line.invoiceNumber}</bdi></td><td>${money(line.amountMinor)}</td></tr>`)}
        ${
          payment.surchargeMinor === "0"
            ? nothing
            : html`<tr part="surcharge"><td>${words.text("surcharge.capped")}</td><td>${money(payment.surchargeMinor)}</td></tr>`
        }
      </tbody>
      <tfoot><tr part="total"><th scope="row">${words.text("summary.total")}</th><td>${money(payment.totalMinor)}</td></tr></tfoot>
    </table>
    <div class="actions">
      <button type="button" class="secondary" part="button" @click=${print}>${words.text("receipt.print")}</button>
      <button type="button" class="primary" part="button button-primary" @click=${() => flow.another()}>
        ${words.text("receipt.more")}
      </button>
    </div>
  </section>`;
}
