import type { Invoice } from "@clarity/bff/contract";
import { html, noChange, nothing } from "lit/html.js";
import { isDraft } from "../../typed/composition.ts";
import { formatInput, parseAmount } from "../money.ts";
import { formatOf, inFull } from "../pricing.ts";
import { isPayable } from "../selection.ts";
import { amountProblem } from "./amount-problem.ts";
import { icon } from "./icons.ts";
import type { View } from "./view.ts";

/** After the last key, time for a screen reader to say the sum. */
const pauseMs = 1000;

export interface Place {
  /** From 0, in a list of `of`. */
  at: number;
  of: number;
  /** Tab comes to this row; arrow keys go to the others. */
  isStop: boolean;
  list: string;
}

/** One invoice. It is as high when it is chosen as before. */
export function row(view: View, invoice: Invoice, place: Place) {
  const { state, flow, words, ui } = view;
  const closed = !isPayable(invoice);
  const chosen = state.chosen.has(invoice.id);
  const id = `${place.list}-${encodeURIComponent(invoice.id)}`;
  const held = BigInt(invoice.openMinor) - BigInt(invoice.payableMinor);
  const stop = () => {
    const before = ui.stops.get(place.list);
    ui.stops.set(place.list, { id: invoice.id, at: place.at });
    if (before?.id !== invoice.id) ui.update();
  };
  const toggle = ({ target }: Event) => {
    flow.toggle(invoice);
    // One more than a payment holds is not taken.
    (target as HTMLInputElement).checked = flow.state.chosen.has(invoice.id);
  };
  const isEdited = chosen && state.session?.flags["partial-payments"] !== false;
  return html`<div
    role="listitem"
    aria-setsize=${place.of}
    aria-posinset=${place.at + 1}
    class="row ${chosen ? "chosen" : closed ? "closed" : ""}"
    part="row"
    @focusin=${stop}
  >
    <label class="what" for=${id}>
      <input
        type="checkbox"
        part="checkbox"
        id=${id}
        data-focus="row:${invoice.id}"
        tabindex=${place.isStop ? 0 : -1}
        .checked=${chosen}
        ?disabled=${closed}
        @change=${toggle}
      />
      <span>
        <b><bdi>${invoice.number}</bdi></b>
        <small class=${invoice.overdueDays ? "overdue" : "muted"}>
          ${invoice.overdueDays ? html`<span>${icon("clock")}${words.text("overdue", { days: words.days(invoice.overdueDays) })}</span>` : nothing}
          <span class="muted">${words.text("due", { date: words.day(invoice.dueOn) })}</span>
        </small>
        ${
          held > 0n
            ? html`<small class="info">${
                closed
                  ? words.text("underWay")
                  : words.text("partUnderWay", { amount: words.money(held, invoice.currency) })
              }</small>`
            : nothing
        }
      </span>
    </label>
    ${isEdited ? amountField(view, invoice, place) : html`<label class="amount" for=${id}>${words.money(invoice.openMinor, invoice.currency)}</label>`}
  </div>`;
}

function amountField(view: View, invoice: Invoice, place: Place) {
  const { state, flow, words, ui } = view;
  const text = state.chosen.get(invoice.id) ?? "";
  const problem = amountProblem(view, invoice);
  const isFull = text === inFull(invoice, state, words.locale);
  const name = `amount:${invoice.id}`;
  const hint = `hint-${encodeURIComponent(invoice.id)}`;
  const tabindex = place.isStop ? 0 : -1;
  const most = words.money(invoice.payableMinor, invoice.currency);
  const on = amountEvents(view, invoice);
  return html`<div class="amount" data-shown=${words.money(invoice.openMinor, invoice.currency)}>
      <span class="field" part="amount-field">
        <span class="code" aria-hidden="true">${invoice.currency}</span>
        <input
          type="text"
          inputmode="decimal"
          enterkeyhint="done"
          autocomplete="off"
          tabindex=${tabindex}
          data-focus=${name}
          aria-label=${words.text("amount.label", { invoice: invoice.number })}
          aria-invalid=${problem ? "true" : "false"}
          aria-describedby=${hint}
          .value=${ui.draft === invoice.id ? noChange : text}
          @input=${on.type}
          @compositionend=${on.type}
          @change=${on.tidy}
        />
      </span>
    </div>
    <div class="hint ${isFull && !problem ? "hidden" : ""}">
      <small id=${hint} class=${problem ? "error" : "muted"}>
        ${problem ? html`${icon("alert")}${problem}` : words.text("amount.of", { amount: most })}
      </small>
      ${
        isFull
          ? nothing
          : html`<button
              type="button"
              class="text"
              part="button"
              tabindex=${tabindex}
              data-focus=${name}
              @click=${() => flow.setAmount(invoice)}
            >
              ${words.text("amount.full")}<span class="hidden"> <bdi>${invoice.number}</bdi></span>
            </button>`
      }
    </div>`;
}

function amountEvents({ flow, words, ui }: View, invoice: Invoice) {
  const format = () => formatOf(invoice, flow.state, words.locale);
  const settle = () => {
    clearTimeout(ui.typing);
    ui.typing = 0;
    ui.draft = null;
  };
  const set = (text: string) => {
    const amount = parseAmount(text, format());
    flow.setAmount(invoice, amount === null ? text : formatInput(amount, format()));
  };
  return {
    type(event: Event) {
      settle();
      // The sum follows what is seen, but the field itself is the input method's until the text stands.
      ui.draft = isDraft(event) ? invoice.id : null;
      ui.typing = window.setTimeout(() => {
        ui.typing = 0;
        ui.update();
      }, pauseMs);
      const { inputType, data } = event as InputEvent;
      // An amount that is whole by itself takes the place of what stood there: it was copied to be paid, not added on.
      if (inputType === "insertFromPaste" && data && parseAmount(data, format()) !== null) set(data);
      else flow.setAmount(invoice, (event.target as HTMLInputElement).value);
    },
    tidy({ target }: Event) {
      settle();
      ui.touched.add(invoice.id);
      set((target as HTMLInputElement).value);
    },
  };
}
