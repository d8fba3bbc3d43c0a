import { html, nothing } from "lit/html.js";
import { chosenCurrency, maxLines } from "../selection.ts";
import { type Chunk, chunksOf, type Group, groupsOf } from "./groups.ts";
import { type List, longList, rows } from "./rows.ts";
import type { View } from "./view.ts";

export function invoiceList(view: View) {
  const { state, ui, words } = view;
  const find = (event: Event) => {
    ui.find = (event.target as HTMLInputElement).value;
    for (const name of ui.whole.keys()) if (name.startsWith("find")) ui.whole.delete(name);
    ui.update();
  };
  const search = html`<input
    class="find"
    part="field"
    type="search"
    placeholder=${words.text("list.find")}
    aria-label=${words.text("list.find")}
    .value=${ui.find}
    @input=${find}
  />`;
  return html`<div class="list" part="list">
    ${state.invoices.length > longList ? search : nothing}
    ${groupsOf(state.invoices).map((group) => groupView(view, group))}
  </div>`;
}

function groupView(view: View, group: Group) {
  const { state, flow, words, ui } = view;
  const { currency, payable } = group;
  const chosen = chosenCurrency(state);
  const barred = chosen !== null && chosen !== currency;
  const all = payable.slice(0, maxLines).every(({ id }) => state.chosen.has(id));
  const full = state.chosen.size >= maxLines && payable.length > maxLines;
  const note = barred
    ? words.text("list.otherCurrency", { currency: chosen })
    : full
      ? words.text("list.limit", { count: maxLines })
      : "";
  const change = () => {
    // Pressed, the button is another or gone.
    const [first] = payable;
    if (barred && first) ui.goTo = `row:${first.id}`;
    if (barred) flow.clear();
    else flow.toggleAll(currency);
  };
  const label = barred ? "list.switch" : all ? "list.none" : "list.all";
  const found = matches(group, ui.find);
  const list: List = { name: currency, keepsChosen: true, ...group };
  return html`<div class="group" part="group" role="group" aria-labelledby="name-${currency}" aria-describedby="note-${currency} keys-${currency}">
    <div class="head">
      <span id="name-${currency}">
        <b>${new Intl.DisplayNames(words.locale, { type: "currency" }).of(currency)}</b> <span class="code">${currency}</span>
      </span>
      ${
        payable.length > 1 || (barred && payable.length)
          ? html`<button type="button" class="text" part="button" @click=${change}>
              ${words.text(label, { currency })}<span class="hidden"> ${currency}</span>
            </button>`
          : nothing
      }
    </div>
    <p class="muted small" id="note-${currency}" ?hidden=${!note}>${note}</p>
    <p class="hidden" id="keys-${currency}">${words.text("list.keys")}</p>
    <fieldset ?disabled=${barred}>
      <div class=${found ? "away" : ""}>${rows(view, list)}</div>
      ${found ? results(view, { name: `find-${currency}`, keepsChosen: false, ...found }) : nothing}
    </fieldset>
  </div>`;
}

function results(view: View, list: List) {
  const { words } = view;
  const count = list.invoices.length;
  return html`<p class="hidden" role="status">${words.text("summary.invoices", { count })}</p>
    ${count ? rows(view, list) : html`<p class="muted small">${words.text("list.notFound")}</p>`}`;
}

/** null: nothing is looked for. */
function matches({ invoices }: Group, wanted: string): (Pick<List, "invoices"> & { chunks: Chunk[] }) | null {
  const text = wanted.trim().toLowerCase();
  if (!text) return null;
  const found = invoices.filter(({ number }) => number.toLowerCase().includes(text));
  return { invoices: found, chunks: chunksOf(found) };
}
