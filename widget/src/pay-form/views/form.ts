import { html, nothing } from "lit/html.js";
import { isEnter } from "../../typed/composition.ts";
import { isPayable } from "../selection.ts";
import { bidi } from "./bidi.ts";
import { icon } from "./icons.ts";
import { invoiceList } from "./invoice-list.ts";
import { freshness, reference, said, spinner } from "./panel.ts";
import type { View } from "./view.ts";
import { waiting } from "./waiting.ts";

/** List, card and total on one page. Stays in the page while paying, so that typed digits survive a refusal. */
export function formView(view: View, hidden: boolean) {
  const { state, words } = view;
  const busy = state.phase.name === "paying";
  // Only the button pays. Enter in a field of ours, or a phone's “Done”, is the end of an amount.
  const submit = (event: Event) => event.preventDefault();
  const key = (event: KeyboardEvent) => {
    const field = event.target as HTMLInputElement;
    if (event.key !== "Enter" || field.localName !== "input") return;
    event.preventDefault();
    if (field.inputMode && isEnter(event)) field.dispatchEvent(new Event("change"));
  };
  const { customer, seller } = state.session ?? {};
  const isOpen = state.invoices.some(isPayable);
  return html`<form class="form" part="form" novalidate ?hidden=${hidden} aria-busy=${busy ? "true" : "false"} @submit=${submit} @keydown=${key}>
    <header part="header">
      <h2 tabindex="-1" data-focus="heading" part="title">${words.text("title")}</h2>
      <p class="muted">${bidi(words.text("parties", { customer: customer?.name ?? "", seller: seller?.name ?? "" }))}</p>
    </header>
    ${waiting(view)}${freshness(view)}${isOpen ? nothing : noticeView(view)}
    <div class="lists" ?inert=${busy}>${invoiceList(view)}${barView(view)}</div>
    <div class="side" ?hidden=${!isOpen}>
      <section class="card" part="card" ?inert=${busy}>
        <h3 tabindex="-1" data-focus="card-title">${words.text("card.group")}</h3>
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
          <div>${bidi(said(view))}${reference(view, notice.requestId)}</div>
        </div>`
      : nothing
  }</div>`;
}

function cardView({ state, words, cardFrame, retryCard }: View) {
  const { status } = state.card;
  if (status === "failed") {
    return html`<div class="frame failed">
      <p>${words.text("card.failed")}</p>
      <button type="button" class="secondary" part="button" data-focus="card" @click=${retryCard}>${words.text("retry")}</button>
    </div>`;
  }
  return html`<div class="frame" data-status=${status}>
    ${status === "loading" ? html`<div class="skeleton fields" aria-hidden="true"><i></i><i></i></div><p class="hidden" role="status">${words.text("card.loading")}</p>` : nothing}
    ${cardFrame}
  </div>`;
}

function summaryView(view: View) {
  const { state, price, flow, words } = view;
  const { phase, session } = state;
  const pay = ({ currentTarget }: Event) => {
    readAmounts(view, currentTarget as Element);
    flow.pay();
  };
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
    <button type="button" data-focus="pay" @click=${pay} class=${`primary pay${currency ? "" : " idle"}`} part="button button-primary" aria-disabled=${phase.name === "paying" ? "true" : "false"}>
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

/** On a phone the card is far below a long list: what is chosen so far, and the way there. */
function barView({ state, price, words }: View) {
  const { currency, totalMinor, invalid } = price;
  if (!currency) return nothing;
  const go = ({ currentTarget }: Event) => {
    const form = (currentTarget as Element).closest("form");
    form?.querySelector(".card")?.scrollIntoView({ block: "start" });
    form?.querySelector<HTMLElement>("[data-focus=card-title]")?.focus({ preventScroll: true });
  };
  return html`<div class="bar" part="bar">
    <span>
      <span class="small muted">${words.text("summary.invoices", { count: state.chosen.size })}</span>
      <b>${invalid.size ? "–" : words.money(totalMinor, currency)}</b>
    </span>
    <button type="button" class="primary" part="button button-primary" @click=${go}>${words.text("continue")}</button>
  </div>`;
}

/** What stands in the amounts counts, whoever wrote it there: some that fill fields in tell of it by no event. */
function readAmounts({ flow, ui }: View, button: Element): void {
  const fields = button.closest("form")?.querySelectorAll<HTMLInputElement>('input[data-focus^="amount:"]');
  for (const { value, dataset } of fields ?? []) {
    const id = dataset.focus?.replace("amount:", "");
    const { invoices, chosen } = flow.state;
    const invoice = invoices.find((each) => each.id === id);
    if (!invoice || chosen.get(invoice.id) === value) continue;
    ui.touched.add(invoice.id);
    flow.setAmount(invoice, value);
  }
}
