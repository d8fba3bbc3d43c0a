import type { Invoice } from "@clarity/bff/contract";
import { repeat } from "lit/directives/repeat.js";
import { html, noChange, nothing } from "lit/html.js";
import { isDraft } from "../../typed/composition.ts";
import { formatInput, parseAmount } from "../money.ts";
import { formatOf, inFull } from "../pricing.ts";
import { chosenCurrency, closedBecause, isPayable, maxLines } from "../selection.ts";
import { icon } from "./icons.ts";
import type { View } from "./view.ts";

/** A list longer than this is shortened until asked for, and can be searched. */
const longList = 10;

export function invoiceList(view: View) {
  const { state, ui, words } = view;
  const groups = Map.groupBy(state.invoices, (invoice) => invoice.currency);
  const find = (event: Event) => {
    ui.find = (event.target as HTMLInputElement).value;
    ui.update();
  };
  const search = html`<input
    class="find"
    part="field"
    type="search"
    placeholder=${words.text("list.find")}
    aria-label=${words.text("list.find")}
    @input=${find}
    @keydown=${(event: KeyboardEvent) => event.key === "Enter" && event.preventDefault()}
  />`;
  return html`<div class="list" part="list">
    ${state.invoices.length > longList ? search : nothing}
    ${repeat(
      groups,
      ([currency]) => currency,
      ([currency, invoices]) => group(view, currency, invoices),
    )}
  </div>`;
}

function group(view: View, currency: string, invoices: readonly Invoice[]) {
  const { state, flow, words, ui } = view;
  const payable = invoices.filter(isPayable);
  const chosen = chosenCurrency(state);
  const barred = chosen !== null && chosen !== currency;
  const all = payable.slice(0, maxLines).every(({ id }) => state.chosen.has(id));
  const wanted = ui.find.trim().toLowerCase();
  const found = invoices.filter(
    ({ id, number }) => number.toLowerCase().includes(wanted) || state.chosen.has(id),
  );
  const shown =
    wanted || ui.whole.has(currency)
      ? found
      : found.filter(({ id }, at) => at < longList || state.chosen.has(id));
  const note = barred
    ? words.text("list.otherCurrency", { currency: chosen })
    : state.chosen.size >= maxLines && payable.length > maxLines
      ? words.text("list.limit", { count: maxLines })
      : "";
  const showAll = () => {
    ui.whole.add(currency);
    ui.update();
  };
  return html`<div class="group" part="group" role="group" aria-labelledby="name-${currency}" aria-describedby="note-${currency}">
    <div class="head">
      <span id="name-${currency}">
        <b>${new Intl.DisplayNames(words.locale, { type: "currency" }).of(currency)}</b> <span class="code">${currency}</span>
      </span>
    ${
      payable.length > 1 && !barred
        ? html`<button type="button" class="text" part="button" @click=${() => flow.toggleAll(currency)}>
            ${words.text(all ? "list.none" : "list.all")}<span class="hidden"> ${currency}</span>
          </button>`
        : nothing
    }
    </div>
    <p class="muted small" id="note-${currency}" ?hidden=${!note}>${note}</p>
    <ul role="list">${repeat(
      shown,
      ({ id }) => id,
      (invoice) => row(view, invoice),
    )}</ul>
    ${found.length ? nothing : html`<p class="muted small">${words.text("list.notFound")}</p>`}
    ${
      shown.length < found.length
        ? html`<button type="button" class="text more" part="button" @click=${showAll}>
            ${words.text("list.showAll", { count: found.length })}
          </button>`
        : nothing
    }
  </div>`;
}

function row(view: View, invoice: Invoice) {
  const { state, flow, words } = view;
  const closed = closedBecause(invoice, state);
  const chosen = state.chosen.has(invoice.id);
  const id = `i-${encodeURIComponent(invoice.id)}`;
  const held = BigInt(invoice.openMinor) - BigInt(invoice.payableMinor);
  return html`<li class=${chosen ? "chosen" : closed ? "closed" : ""} part="row">
    <label class="what" for=${id}>
      <input
        type="checkbox"
        part="checkbox"
        id=${id}
        data-focus="list"
        aria-describedby="note-${invoice.currency}"
        .checked=${chosen}
        ?disabled=${closed !== null}
        @change=${() => flow.toggle(invoice)}
      />
      <span>
        <b>${invoice.number}</b>
        <small class=${invoice.overdueDays ? "overdue" : "muted"}>
          ${invoice.overdueDays ? html`<span>${icon("clock")}${words.text("overdue", { days: words.days(invoice.overdueDays) })}</span>` : nothing}
          <span class="muted">${words.text("due", { date: words.day(invoice.dueOn) })}</span>
        </small>
        ${
          held > 0n
            ? html`<small class="info">${
                closed === "underWay"
                  ? words.text("underWay")
                  : words.text("partUnderWay", { amount: words.money(held, invoice.currency) })
              }</small>`
            : nothing
        }
      </span>
    </label>
    ${chosen && state.session?.flags["partial-payments"] !== false ? amountField(view, invoice) : html`<label class="amount" for=${id}>${words.money(invoice.openMinor, invoice.currency)}</label>`}
  </li>`;
}

function amountField(view: View, invoice: Invoice) {
  const { state, price, flow, words, ui } = view;
  const text = state.chosen.get(invoice.id) ?? "";
  const problem = price.invalid.get(invoice.id);
  const shown = problem && (problem === "high" || state.checked || ui.touched.has(invoice.id));
  const full = inFull(invoice, state, words.locale);
  const format = formatOf(invoice, state, words.locale);
  const tidy = ({ target }: Event) => {
    const { value } = target as HTMLInputElement;
    ui.touched.add(invoice.id);
    ui.typing = false;
    ui.draft = null;
    const parsed = parseAmount(value, format);
    flow.setAmount(invoice, parsed === null ? value : formatInput(parsed, format));
  };
  const type = (event: Event) => {
    // The sum follows what is seen, but the field itself is the input method's until the text stands.
    ui.draft = isDraft(event) ? invoice.id : null;
    ui.typing = true;
    flow.setAmount(invoice, (event.target as HTMLInputElement).value);
  };
  const most = words.money(invoice.payableMinor, invoice.currency);
  const hint = problem === "low" ? words.money(1n, invoice.currency) : problem === "high" ? most : full;
  return html`<div class="amount">
    <span class="field" part="amount-field">
      <span class="code" aria-hidden="true">${invoice.currency}</span>
      <input
        type="text"
        inputmode="decimal"
        autocomplete="off"
        data-focus="amount:${invoice.id}"
        aria-label=${words.text("amount.label", { invoice: invoice.number })}
        aria-invalid=${shown ? "true" : "false"}
        aria-describedby="a-${encodeURIComponent(invoice.id)}"
        .value=${ui.draft === invoice.id ? noChange : text}
        @input=${type}
        @compositionend=${type}
        @change=${tidy}
      />
    </span>
    <small id="a-${encodeURIComponent(invoice.id)}" class=${shown ? "error" : "muted"}>
      ${shown ? html`${icon("alert")}${words.text(`amount.${problem}`, { amount: hint })}` : words.text("amount.of", { amount: most })}
    </small>
    ${
      text === full
        ? nothing
        : html`<button type="button" class="text" part="button" @click=${() => flow.setAmount(invoice)}>
            ${words.text("amount.full")}<span class="hidden"> ${invoice.number}</span>
          </button>`
    }
  </div>`;
}
