import type { EntryAnswer } from "@clarity/server/contract";
import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { change } from "../api/client.ts";
import { queries } from "../api/query.ts";
import { placeOf } from "../shell/router.ts";
import { PortalElement } from "../ui/element.ts";
import { count, money } from "../ui/format.ts";
import { icon } from "../ui/icons.ts";
import { wordsFor } from "../ui/notice.ts";
import { say, sayIfKnown } from "../words/words.ts";

type Fault = EntryAnswer["faults"][number];

/** What the server takes, bytes. */
const mostBytes = 5 * 1024 * 1024;

const fields = [
  { name: "number", needed: true },
  { name: "customerId", needed: true },
  { name: "customerName", needed: false },
  { name: "customerEmail", needed: false },
  { name: "currency", needed: true },
  { name: "total", needed: true },
  { name: "issuedOn", needed: true },
  { name: "dueOn", needed: false },
] as const;

const fieldWords = (field: string): string => sayIfKnown(`entry.field.${field}`) ?? field;
const faultWords = ({ code, values, words }: Fault): string => {
  const known = sayIfKnown(`entry.fault.${code}`);
  return known?.replaceAll(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole) ?? words;
};

/** Enters invoices where there is no ERP: one by hand, or a file, which is looked at before anything is written. */
class EnterInvoicesPage extends PortalElement {
  static override properties = {
    by: { attribute: false },
    answer: { state: true },
    failure: { state: true },
    busy: { state: true },
    fileName: { state: true },
  };
  declare by: "new" | "import";
  declare protected answer: EntryAnswer | null;
  declare protected failure: string;
  declare protected busy: boolean;
  declare protected fileName: string;
  /** Base64: what was looked at is what is entered. */
  #file = "";

  constructor() {
    super();
    this.by = "new";
    this.answer = null;
    this.failure = "";
    this.busy = false;
    this.fileName = "";
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has("by")) return;
    this.answer = null;
    this.failure = "";
    this.fileName = "";
  }

  async #send(path: string, body: object): Promise<EntryAnswer | null> {
    this.busy = true;
    this.failure = "";
    try {
      this.answer = await change<EntryAnswer>(path, "POST", body);
      if (this.answer.written) await queries.invalidateQueries();
      return this.answer;
    } catch (error) {
      this.failure = wordsFor(error);
      return null;
    } finally {
      this.busy = false;
    }
  }

  #enter = async (event: Event) => {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const answer = await this.#send("/invoices", Object.fromEntries(new FormData(form)));
    if (answer?.written || answer?.same === 1) form.reset();
    else {
      await this.updateComplete;
      form.querySelector<HTMLInputElement>("[aria-invalid=true]")?.focus();
    }
  };

  #choose = async (event: Event) => {
    const input = event.target as HTMLInputElement;
    const file = input.files?.[0];
    input.value = "";
    if (!file) return;
    this.fileName = file.name;
    this.answer = null;
    this.failure = "";
    if (file.size > mostBytes) {
      this.failure = say("entry.sheet.too_large", { value: 5 });
      return;
    }
    try {
      this.#file = await base64Of(file);
    } catch {
      this.failure = say("entry.unread");
      return;
    }
    await this.#send("/invoice-import", { file: this.#file, apply: false });
  };

  override render() {
    const title = this.by === "new" ? say("entry.new") : say("entry.file");
    return html`<a class="mb-4 inline-flex min-h-10 items-center gap-1 text-link" href=${placeOf("invoices")}>${icon("back")}${say("nav.invoices")}</a>
      <h1 class="mb-1 text-2xl font-semibold tracking-tight">${title}</h1>
      ${this.by === "new" ? this.#form() : this.#sheet()}`;
  }

  #form() {
    const faults = this.answer?.faults ?? [];
    const done = this.answer?.written || this.answer?.same === 1;
    return html`<p class="mb-5 max-w-prose text-muted">${say("entry.newLead")}</p>
      <form class="card grid max-w-2xl gap-4 px-5 py-5 sm:grid-cols-2" novalidate @submit=${this.#enter}>
        ${fields.map(({ name, needed }) => {
          const own = faults.filter(({ field }) => field === name || (field === "id" && name === "number"));
          return html`<div class="grid content-start gap-1">
            <label class="font-medium" for="entry-${name}">${fieldWords(name)}${needed ? nothing : html` <span class="font-normal text-muted">${say("entry.optional")}</span>`}</label>
            <input class="field" id="entry-${name}" name=${name} maxlength="200" autocomplete="off" spellcheck="false"
              inputmode=${name === "total" ? "decimal" : "text"} placeholder=${examples[name] ?? ""}
              aria-required=${needed} aria-invalid=${own.length > 0 ? "true" : nothing} aria-describedby="wrong-${name}">
            <span id="wrong-${name}" class="text-sm text-danger empty:hidden">${own.map(faultWords).join("; ")}</span></div>`;
        })}
        <div class="flex flex-wrap items-center justify-end gap-3 sm:col-span-2">
          <p class="grow text-danger empty:hidden" role="alert">${this.failure}</p>
          <p class="grow text-success empty:hidden" role="status">${done ? say("entry.entered") : ""}</p>
          <button class="button button-primary" ?disabled=${this.busy}>${say("entry.enter")}</button>
        </div>
      </form>`;
  }

  #sheet() {
    const { answer } = this;
    return html`<p class="mb-5 max-w-prose text-muted">${say("entry.fileLead")}</p>
      <div class="card grid gap-3 px-5 py-5">
        <label class="grid max-w-md gap-1"><span class="font-medium">${say("entry.choose")}</span>
          <input class="field py-2" type="file" accept=".csv,.tsv,.txt,text/csv" ?disabled=${this.busy} @change=${this.#choose}></label>
        <p class="break-words text-muted empty:hidden">${this.fileName}</p>
        <p class="text-danger empty:hidden" role="alert">${this.failure}</p>
        <p class="text-muted empty:hidden" role="status">${this.busy ? say("common.loading") : ""}</p>
      </div>
      ${answer ? this.#looked(answer) : nothing}`;
  }

  #looked(answer: EntryAnswer): TemplateResult {
    const { unreadable } = answer;
    if (unreadable) {
      const value = fieldWords(unreadable.value);
      const words = sayIfKnown(`entry.sheet.${unreadable.code}`)?.replace("{value}", value);
      return html`<p class="mt-6 text-danger" role="alert">${words ?? say("error.internal")}</p>`;
    }
    if (answer.faultCount > 0) return wrong(answer);
    const sums = { new: count(answer.new), changed: count(answer.changed), same: count(answer.same) };
    const writes = !answer.written && answer.new + answer.changed + answer.customers > 0;
    return html`<section class="mt-6 grid gap-4" aria-labelledby="looked">
      <h2 id="looked" class="text-lg font-semibold" role="status">${answer.written ? say("entry.entered") : say("entry.preview")}</h2>
      <p>${say("entry.sums", sums)} ${say("entry.customers", { count: count(answer.customers) })}</p>
      ${answer.ignored.length > 0 ? html`<p class="break-words text-muted">${say("entry.ignored", { names: answer.ignored.join(", ") })}</p>` : nothing}
      ${
        writes
          ? html`<p><button class="button button-primary" type="button" ?disabled=${this.busy}
            @click=${() => this.#send("/invoice-import", { file: this.#file, apply: true })}>${say("entry.apply")}</button></p>`
          : nothing
      }
      ${
        answer.rows.length > 0
          ? html`<ul class="card divide-y divide-line">${answer.rows.map(
              (
                row,
              ) => html`<li class="grid grid-cols-[minmax(0,1fr)_auto] items-baseline gap-x-4 px-4 py-2 text-sm sm:grid-cols-[minmax(0,1fr)_minmax(0,1fr)_auto]">
              <bdi class="font-medium break-words">${row.number}</bdi><span class="order-last break-words text-muted sm:order-none">${row.customer}</span>
              <span class="text-end tabular-nums">${row.wasMinor === null || row.wasMinor === row.totalMinor ? nothing : html`<s class="text-muted"><bdi>${money(row.wasMinor, row.currency)}</bdi></s> `}<bdi>${money(row.totalMinor, row.currency)}</bdi></span></li>`,
            )}</ul>`
          : nothing
      }
    </section>`;
  }
}

const examples: Readonly<Record<string, string>> = {
  currency: "USD",
  total: "1250.00",
  issuedOn: "2026-01-31",
  dueOn: "2026-03-02",
};

const wrong = ({ faults, faultCount }: EntryAnswer): TemplateResult =>
  html`<section class="mt-6 grid gap-3" aria-labelledby="wrong">
    <h2 id="wrong" class="text-lg font-semibold text-danger" role="alert">${say("entry.wrong", { count: count(faultCount) })}</h2>
    <p class="text-muted">${say("entry.nothing")}</p>
    <ul class="card divide-y divide-line">${faults.map(
      (
        fault,
      ) => html`<li class="flex flex-wrap gap-x-4 px-4 py-2 text-sm"><span class="basis-20 text-muted tabular-nums">${say("entry.row", { row: fault.row })}</span>
      <span class="min-w-0 grow basis-60 break-words"><span class="font-medium">${fieldWords(fault.field)}</span>: ${faultWords(fault)}</span></li>`,
    )}</ul>
  </section>`;

/** What stands behind the comma of a data address. */
const base64Of = (file: File): Promise<string> =>
  new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result).replace(/^[^,]*,/, ""));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });

customElements.define("enter-invoices-page", EnterInvoicesPage);
