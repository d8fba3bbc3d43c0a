import type { ListedPortalCustomer, PortalCustomers } from "@clarity/server/contract";
import { html } from "lit";
import { placeOf } from "../shell/router.ts";
import { count, money } from "../ui/format.ts";
import { type Column, type Filter, TablePage } from "../ui/table-page.ts";
import { say } from "../words/words.ts";

type Row = ListedPortalCustomer;

export const customerPlace = (id: string): string => placeOf(`customers/${encodeURIComponent(id)}`);

export const owedWords = ({ owed }: Row): string =>
  owed.map(({ owedMinor, currency }) => money(owedMinor, currency)).join(" · ") || "–";

/** All customers of the seller's. */
class CustomersPage extends TablePage<Row> {
  override readonly heading = say("nav.customers");
  override readonly place = "customers";
  override readonly endpoint = "/customers";
  override readonly searchLabel = say("customers.search");

  override columns(): readonly Column<Row>[] {
    return [
      {
        head: say("team.name"),
        cell: ({ name }) => html`<span class="font-medium break-words">${name}</span>`,
      },
      {
        head: say("customers.id"),
        cell: ({ id }) => html`<bdi class="break-all text-muted">${id}</bdi>`,
        from: "md",
      },
      {
        head: say("team.email"),
        cell: ({ email }) => html`<bdi class="line-clamp-2 break-all text-muted">${email ?? "–"}</bdi>`,
        from: "lg",
      },
      { head: say("customers.open"), cell: ({ openInvoices }) => count(openInvoices), end: true },
      {
        head: say("invoice.overdue"),
        cell: ({ overdueInvoices: n }) =>
          html`<span class=${n > 0 ? "text-danger" : "text-muted"}>${count(n)}</span>`,
        end: true,
        from: "md",
      },
      {
        head: say("invoices.owed"),
        cell: (row) => html`<bdi class="font-medium">${owedWords(row)}</bdi>`,
        end: true,
      },
    ];
  }

  override filters(): readonly Filter[] {
    return [
      {
        name: "sort",
        label: say("sort.label"),
        options: [
          { value: "", label: say("sort.nameFirst") },
          { value: "last", label: say("sort.nameLast") },
        ],
      },
    ];
  }

  override page(answer: unknown) {
    const { customers, next } = answer as PortalCustomers;
    return { rows: customers, next };
  }

  override href = ({ id }: Row): string => customerPlace(id);

  override name = (row: Row): string => `${row.name}, ${say("invoices.owed")}: ${owedWords(row)}`;

  override nothing(filtered: boolean) {
    return filtered
      ? { title: say("payments.noneTitle"), words: say("customers.none") }
      : { title: say("customers.emptyTitle"), words: say("customers.empty") };
  }

  override small(row: Row) {
    return html`<span class="flex items-baseline justify-between gap-4">
        <span class="min-w-0 truncate font-medium">${row.name}</span>
        <bdi class="shrink-0 font-medium tabular-nums">${owedWords(row)}</bdi>
      </span>
      <span class="mt-1 flex items-baseline justify-between gap-4 text-sm text-muted">
        <bdi class="min-w-0 truncate">${row.id}</bdi><span>${say("customers.open")}: ${count(row.openInvoices)}</span>
      </span>`;
  }
}

customElements.define("customers-page", CustomersPage);
