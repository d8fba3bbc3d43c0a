import { html, nothing } from "lit/html.js";
import { isEnter } from "../../typed/composition.ts";
import { isPayable } from "../selection.ts";
import { icon } from "./icons.ts";
import { invoiceList } from "./invoice-list.ts";
import { freshness, reference, said, spinner } from "./panel.ts";
import type { View } from "./view.ts";

/** List, card and total on one page. Stays in the page while paying, so that typed digits survive a refusal. */
export function formView(view: View, hidden: boolean) {
  const { state, flow, words } = view;
  const busy = state.phase.name === "paying";
  const submit = (event: Event) => {
    event.preventDefault();
    flow.pay();
  };
  // Enter that ends a composition sends nothing, whichever element of ours it is pressed in.
  const key = (event: KeyboardEvent) => {
    if (event.key === "Enter" && !isEnter(event)) event.preventDefault();
  };
  const { customer, seller } = state.session ?? {};
  const isOpen = state.invoices.some(isPayable);
  return html`<form class="form" part="form" novalidate ?hidden=${hidden} aria-busy=${busy ? "true" : "false"} @submit=${submit} @keydown=${key}>
    <header part="header">
      <h2 tabindex="-1" data-focus="heading" part="title">${words.text("title")}</h2>
      <p class="muted">${words.text("parties", { customer: customer?.name ?? "", seller: seller?.name ?? "" })}</p>
    </header>
    ${waitingView(view)}${freshness(view)}${isOpen ? nothing : noticeView(view)}
    <div class="lists" ?inert=${busy}>${invoiceList(view)}</div>
    <div class="side" ?hidden=${!isOpen}>
      <section class="card" part="card" ?inert=${busy}>
        <h3>${words.text("card.group")}</h3>
        ${cardView(view)}
        <p class="muted small lock">${icon("lock")}${words.text("card.note")}</p>
      </section>
      ${summaryView(view)}
    </div>
  </form>`;
}

function noticeView(view: View) {
  const { notice } = view.state;
  return html`<div role="alert" data-focus="notice" tabindex="-1">${
    notice
      ? html`<div class="notice" part="notice" data-tone=${notice.tone}>
          ${icon("alert")}
          <div>${said(view)}${reference(view, notice.requestId)}</div>
        </div>`
      : nothing
  }</div>`;
}

function waitingView({ state, flow, words }: View) {
  const { waiting } = state;
  if (!waiting) return nothing;
  return html`<div class="notice waiting" part="notice">
    ${icon("clock")}
    <div>
      ${words.text("waiting.text", { amount: words.money(waiting.totalMinor, waiting.currency) })}
      <button type="button" class="text" part="button" @click=${() => flow.checkAgain()}>
        ${words.text("waiting.continue")}
      </button>
    </div>
  </div>`;
}

function cardView({ state, words, cardFrame, retryCard }: View) {
  const { status } = state.card;
  if (status === "failed") {
    return html`<div class="frame failed">
      <p>${words.text("card.failed")}</p>
      <button type="button" class="secondary" part="button" @click=${retryCard}>${words.text("retry")}</button>
    </div>`;
  }
  return html`<div class="frame" data-status=${status}>
    ${status === "loading" ? html`<div class="skeleton fields" aria-hidden="true"><i></i><i></i></div><p class="hidden" role="status">${words.text("card.loading")}</p>` : nothing}
    ${cardFrame}
  </div>`;
}

function summaryView(view: View) {
  const { state, price, words } = view;
  const { phase, session } = state;
  const { lines, rule } = price;
  const currency = price.invalid.size ? null : price.currency;
  const money = (amount: bigint) => (currency ? words.money(amount, currency) : "–");
  const rules = session?.surcharge.filter(({ basisPoints }) => basisPoints > 0) ?? [];
  const most = Math.max(...rules.map(({ basisPoints }) => basisPoints));
  const free = !rules.some(({ funding }) => funding === "debit" || funding === "prepaid");
  const exact = rule && !state.quote && rule.maximumMinor === undefined;
  const surchargeLabel = exact
    ? words.text("surcharge.line", { percent: words.percent(rule.basisPoints) })
    : words.text("surcharge.capped");
  return html`<section class="summary" part="summary">
    <h3 class="hidden">${words.text("summary.title")}</h3>
    <dl>
      <div><dt>${words.text("summary.invoices", { count: lines.length + price.invalid.size })}</dt><dd>${money(price.amountMinor)}</dd></div>
      ${currency && price.surchargeMinor > 0n ? html`<div part="surcharge"><dt>${surchargeLabel}</dt><dd>${money(price.surchargeMinor)}</dd></div>` : nothing}
      <div class="total" part="total"><dt>${words.text("summary.total")}</dt><dd>${money(price.totalMinor)}</dd></div>
    </dl>
    ${
      rules.length
        ? html`<p class="muted small">
            ${words.text("surcharge.notice", { percent: words.percent(most) })} ${free ? words.text("surcharge.notDebit") : nothing}
          </p>`
        : nothing
    }
    ${state.invoices.some(isPayable) ? noticeView(view) : nothing}
    <button class=${`primary pay${currency ? "" : " idle"}`} part="button button-primary" aria-disabled=${phase.name === "paying" ? "true" : "false"}>
      ${
        phase.name === "paying"
          ? html`${spinner}${words.text(`progress.${phase.words}`)}`
          : currency
            ? words.text("pay", { amount: money(price.totalMinor) })
            : words.text("pay.nothing")
      }
    </button>
  </section>`;
}
