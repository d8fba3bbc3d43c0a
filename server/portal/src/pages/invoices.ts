import type { InvoiceState, ListedPortalInvoice, Me, PortalInvoices } from "@clarity/server/contract";
import { html, nothing, type TemplateResult } from "lit";
import { placeOf } from "../shell/router.ts";
import { calendarDay, money } from "../ui/format.ts";
import { type Column, type Filter, TablePage } from "../ui/table-page.ts";
import { say } from "../words/words.ts";

type Row = ListedPortalInvoice;

const states: readonly InvoiceState[] = ["open", "overdue", "paid"];
const dots: Readonly<Record<InvoiceState, string>> = {
  open: "bg-info",
  overdue: "bg-danger",
  paid: "bg-success",
};

export const invoiceState = (state: InvoiceState): TemplateResult =>
  html`<span class="inline-flex items-center gap-2 whitespace-nowrap"><span class="size-2 rounded-full ${dots[state]}" aria-hidden="true"></span>${say(`invoice.${state}`)}</span>`;

export const invoicePlace = (id: string): string => placeOf(`invoices/of/${encodeURIComponent(id)}`);

/** All invoices of the seller's. */
class InvoicesPage extends TablePage<Row> {
  static override properties = { ...TablePage.properties, me: { attribute: false } };
  declare me: Me;
  override readonly heading = say("nav.invoices");
  override readonly place = "invoices";
  override readonly endpoint = "/invoices";
  override readonly searchLabel = say("invoices.search");
  #enteredHere = false;

  override render() {
    return html`${super.render()}
      ${
        this.#enteredHere && this.me.permissions.includes("invoices.change")
          ? html`<p class="mt-6 flex flex-wrap justify-center gap-2"><a class="button" href=${placeOf("invoices/new")}>${say("entry.new")}</a>
            <a class="button" href=${placeOf("invoices/import")}>${say("entry.file")}</a></p>`
          : nothing
      }`;
  }

  override columns(): readonly Column<Row>[] {
    return [
      {
        head: say("invoices.number"),
        cell: ({ number }) => html`<bdi class="font-medium break-words">${number}</bdi>`,
      },
      {
        head: say("payments.customer"),
        cell: ({ customer }) => html`<span class="line-clamp-2 break-words">${customer.name}</span>`,
      },
      {
        head: say("invoices.issued"),
        cell: ({ issuedOn }) =>
          html`<span class="whitespace-nowrap text-muted">${calendarDay(issuedOn)}</span>`,
        from: "lg",
      },
      {
        head: say("invoices.due"),
        cell: ({ dueOn }) => html`<span class="whitespace-nowrap">${calendarDay(dueOn)}</span>`,
        from: "md",
      },
      { head: say("payments.state"), cell: ({ state }) => invoiceState(state) },
      {
        head: say("payments.total"),
        cell: ({ totalMinor, currency }) =>
          html`<span class="whitespace-nowrap text-muted"><bdi>${money(totalMinor, currency)}</bdi></span>`,
        end: true,
        from: "lg",
      },
      {
        head: say("invoices.owed"),
        cell: ({ owedMinor, currency }) =>
          html`<span class="font-medium whitespace-nowrap"><bdi>${money(owedMinor, currency)}</bdi></span>`,
        end: true,
      },
    ];
  }

  override filters(): readonly Filter[] {
    return [
      {
        name: "state",
        label: say("payments.state"),
        options: [
          { value: "", label: `${say("payments.state")}: ${say("common.any")}` },
          ...states.map((state) => ({ value: state, label: say(`invoice.${state}`) })),
        ],
      },
      {
        name: "sort",
        label: say("sort.label"),
        options: [
          { value: "", label: say("sort.numberLast") },
          { value: "first", label: say("sort.numberFirst") },
        ],
      },
    ];
  }

  override page(answer: unknown) {
    const { invoices, next, enteredHere } = answer as PortalInvoices;
    this.#enteredHere = enteredHere;
    return { rows: invoices, next };
  }

  override href = ({ id }: Row): string => invoicePlace(id);

  override name = (row: Row): string =>
    [row.number, row.customer.name, say(`invoice.${row.state}`), money(row.owedMinor, row.currency)].join(
      ", ",
    );

  override nothing(filtered: boolean) {
    return filtered
      ? { title: say("payments.noneTitle"), words: say("invoices.none") }
      : { title: say("invoices.emptyTitle"), words: say("invoices.empty") };
  }

  override small(row: Row) {
    return html`<span class="flex items-baseline justify-between gap-4">
        <span class="min-w-0 truncate font-medium">${row.customer.name}</span>
        <span class="shrink-0 font-medium tabular-nums"><bdi>${money(row.owedMinor, row.currency)}</bdi></span>
      </span>
      <span class="mt-1 flex items-baseline justify-between gap-4 text-sm text-muted">
        <bdi class="min-w-0 truncate">${row.number}</bdi>${invoiceState(row.state)}
      </span>`;
  }
}

customElements.define("invoices-page", InvoicesPage);
