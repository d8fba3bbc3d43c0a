import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { get } from "../api/client.ts";
import { Query } from "../api/query.ts";
import { replacePlace } from "../shell/router.ts";
import { say } from "../words/words.ts";
import { PortalElement } from "./element.ts";
import { icon } from "./icons.ts";
import { empty, failed } from "./notice.ts";

export interface Column<Row> {
  head: string;
  cell: (row: Row) => TemplateResult | string;
  /** Numbers stand under each other at the line's end. */
  end?: true;
  /** Where there is room only: from 768 px, from 1024 px. */
  from?: "md" | "lg";
}

export interface Filter {
  name: string;
  label: string;
  /** The first is the one without a filter. */
  options: readonly { value: string; label: string }[];
}

interface Page<Row> {
  rows: readonly Row[];
  next: string | null;
}

const shown = { md: "hidden md:table-cell", lg: "hidden lg:table-cell" } as const;
/** After the last key, ms: a word is typed in less. */
const pauseMs = 250;

/**
 * A list page: title, columns, rows, endpoint; search, filters and order stand in the address, so that a list can be
 * sent to a colleague. The next page comes after a press, and is added below.
 */
export abstract class TablePage<Row extends { id: string }> extends PortalElement {
  static override properties = { query: { attribute: false } };
  declare query: URLSearchParams;

  abstract readonly heading: string;
  /** Its place, such as `payments`. */
  abstract readonly place: string;
  /** Behind `/portal/v1`. */
  abstract readonly endpoint: string;
  abstract readonly searchLabel: string;
  abstract columns(): readonly Column<Row>[];
  abstract filters(): readonly Filter[];
  abstract page(answer: unknown): Page<Row>;
  abstract href(row: Row): string;
  /** What a row is called, for who hears it. */
  abstract name(row: Row): string;
  abstract nothing(filtered: boolean): { title: string; words: string };
  /** In a line or two, where there is no room for a table. */
  abstract small(row: Row): TemplateResult;

  #more: Row[] = [];
  #next: string | null = null;
  #loadingMore = false;
  #moreError: unknown = null;
  #timer = 0;

  readonly #first = new Query<Page<Row>>(this, () => ({
    key: [this.place, this.#search()],
    read: async () => this.page(await get(`${this.endpoint}?${this.#search()}`)),
  }));

  constructor() {
    super();
    this.query = new URLSearchParams();
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("query")) this.#forgetMore();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.#timer);
  }

  #search(): string {
    return new URLSearchParams([...this.query].filter(([, value]) => value !== "")).toString();
  }

  #forgetMore(): void {
    this.#more = [];
    this.#next = null;
    this.#moreError = null;
  }

  #set(name: string, value: string): void {
    const query = { ...Object.fromEntries(this.query), [name]: value };
    replacePlace(this.place, query);
  }

  #typed(event: Event): void {
    const { value } = event.target as HTMLInputElement;
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => this.#set("q", value.trim()), pauseMs);
  }

  /** Left, or entered: whoever opens a row at once comes back to what was searched for. */
  #searched(event: Event): void {
    clearTimeout(this.#timer);
    const { value } = event.target as HTMLInputElement;
    if (value.trim() !== (this.query.get("q") ?? "")) this.#set("q", value.trim());
  }

  async #loadMore(cursor: string): Promise<void> {
    const search = this.#search();
    this.#loadingMore = true;
    this.#moreError = null;
    this.requestUpdate();
    try {
      const page = this.page(
        await get(`${this.endpoint}?${new URLSearchParams([...this.query, ["cursor", cursor]])}`),
      );
      // Filtered otherwise meanwhile: what comes belongs to nobody.
      if (search !== this.#search()) return;
      this.#more = [...this.#more, ...page.rows];
      this.#next = page.next ?? "";
    } catch (error) {
      this.#moreError = error;
    } finally {
      this.#loadingMore = false;
      this.requestUpdate();
    }
  }

  override render() {
    const { data, error, isFetching } = this.#first.result;
    return html`
      <header class="mb-5 flex flex-wrap items-end justify-between gap-x-6 gap-y-3">
        <h1 class="text-2xl font-semibold tracking-tight">${this.heading}</h1>
        ${this.#controls()}
      </header>
      <div aria-busy=${isFetching ? "true" : "false"}>
        ${error && !data ? failed(error, () => this.#first.again()) : data ? this.#list(data) : this.#skeleton()}
      </div>`;
  }

  #controls() {
    return html`<form class="flex w-full flex-wrap gap-2 md:w-auto" role="search" @submit=${(event: Event) => event.preventDefault()}>
      <label class="relative min-w-0 grow md:w-72">
        <span class="sr-only">${this.searchLabel}</span>
        <span class="pointer-events-none absolute inset-y-0 start-3 flex items-center text-muted">${icon("search")}</span>
        <input class="field ps-10!" type="search" autocomplete="off" spellcheck="false" placeholder=${this.searchLabel}
          .value=${this.query.get("q") ?? ""} @input=${this.#typed} @change=${this.#searched}>
      </label>
      ${this.filters().map(
        ({ name, label, options }) => html`<label class="min-w-0 grow basis-32 md:grow-0 md:basis-auto">
          <span class="sr-only">${label}</span>
          <select class="field" @change=${(event: Event) => this.#set(name, (event.target as HTMLSelectElement).value)}>
            ${options.map(
              ({ value, label: words }) =>
                html`<option value=${value} ?selected=${(this.query.get(name) ?? "") === value}>${words}</option>`,
            )}
          </select>
        </label>`,
      )}
    </form>`;
  }

  #list(first: Page<Row>) {
    const rows = [...first.rows, ...this.#more];
    if (rows.length === 0) {
      const { title, words } = this.nothing(this.#search() !== "");
      return empty(title, words);
    }
    const next = this.#next ?? first.next;
    return html`
      ${this.#table(rows)} ${this.#cards(rows)}
      ${this.#moreError ? html`<div class="mt-4">${failed(this.#moreError, () => next && this.#loadMore(next))}</div>` : nothing}
      ${
        next && !this.#moreError
          ? html`<div class="mt-4 flex justify-center">
            <button class="button" type="button" ?disabled=${this.#loadingMore} @click=${() => this.#loadMore(next)}>
              ${this.#loadingMore ? say("common.loading") : say("common.more")}
            </button>
          </div>`
          : nothing
      }`;
  }

  #table(rows: readonly Row[]) {
    const columns = this.columns();
    const place = ({ end, from }: Column<Row>) =>
      `${end ? "text-end tabular-nums" : "text-start"} ${from ? shown[from] : ""}`;
    return html`<div class="card hidden overflow-x-auto sm:block">
      <table class="w-full border-collapse text-sm">
        <thead>
          <tr class="border-b border-line text-muted">
            ${columns.map((column) => html`<th scope="col" class="px-4 py-2.5 font-medium whitespace-nowrap ${place(column)}">${column.head}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            (
              row,
            ) => html`<tr class="relative border-b border-line last:border-0 hover:bg-sunken has-[a:focus-visible]:bg-sunken">
              ${columns.map(
                (column, at) => html`<td class="px-4 py-3 align-top ${place(column)}">
                  ${at === 0 ? html`<a class="after:absolute after:inset-0 focus-visible:outline-none" href=${this.href(row)} aria-label=${this.name(row)}>${column.cell(row)}</a>` : column.cell(row)}
                </td>`,
              )}
            </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
  }

  #cards(rows: readonly Row[]) {
    return html`<ul class="card divide-y divide-line sm:hidden">
      ${rows.map((row) => html`<li><a class="block px-4 py-3" href=${this.href(row)}>${this.small(row)}</a></li>`)}
    </ul>`;
  }

  #skeleton() {
    return html`<div class="card" role="status"><span class="sr-only">${say("common.loading")}</span>
      ${Array.from({ length: 8 }, () => html`<div class="flex items-center gap-6 border-b border-line px-4 py-4 last:border-0"><div class="skeleton h-3 w-28"></div><div class="skeleton h-3 grow"></div><div class="skeleton h-3 w-20"></div></div>`)}
    </div>`;
  }
}
