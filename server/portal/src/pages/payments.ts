import type { ListedPortalPayment, PortalPaymentState, PortalPayments } from "@clarity/server/contract";
import { html } from "lit";
import { placeOf } from "../shell/router.ts";
import { dateTime, money } from "../ui/format.ts";
import { stateWords, status } from "../ui/status.ts";
import { type Column, type Filter, TablePage } from "../ui/table-page.ts";
import { say } from "../words/words.ts";

type Row = ListedPortalPayment;

const states: readonly PortalPaymentState[] = [
  "captured",
  "declined",
  "failed",
  "pending",
  "requires_action",
  "authorized",
  "conflicted",
];
const sorts = ["newest", "oldest", "largest", "smallest"] as const;

const invoicesOf = ({ invoices: { count, first } }: Row): string =>
  count > 1 ? say("payments.moreInvoices", { first, count: count - 1 }) : first;

const cardOf = ({ card }: Row): string => (card ? `${card.brand} ·${card.last4}` : "–");

/** All payments of the seller's. */
class PaymentsPage extends TablePage<Row> {
  override readonly heading = say("payments.title");
  override readonly place = "payments";
  override readonly endpoint = "/payments";
  override readonly searchLabel = say("payments.search");

  override columns(): readonly Column<Row>[] {
    return [
      {
        head: say("payments.date"),
        cell: ({ createdAt }) =>
          html`<span class="whitespace-nowrap tabular-nums">${dateTime(createdAt)}</span>`,
      },
      {
        head: say("payments.customer"),
        cell: ({ customer }) => html`<span class="line-clamp-2 break-words">${customer.name}</span>`,
      },
      {
        head: say("payments.invoice"),
        cell: (row) => html`<span class="text-muted">${invoicesOf(row)}</span>`,
        from: "lg",
      },
      {
        head: say("payments.card"),
        cell: (row) =>
          html`<span class="whitespace-nowrap text-muted capitalize tabular-nums">${cardOf(row)}</span>`,
        from: "lg",
      },
      { head: say("payments.state"), cell: ({ state }) => status(state) },
      {
        head: say("payments.erp"),
        cell: ({ erp }) =>
          html`<span class="whitespace-nowrap ${erp === "dead" ? "text-danger" : "text-muted"}">${say(`erp.${erp}`)}</span>`,
        from: "md",
      },
      {
        head: say("payments.total"),
        cell: ({ totalMinor, currency }) =>
          html`<span class="font-medium whitespace-nowrap"><bdi>${money(totalMinor, currency)}</bdi></span>`,
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
          ...states.map((state) => ({ value: state, label: stateWords(state) })),
        ],
      },
      {
        name: "sort",
        label: say("sort.label"),
        options: sorts.map((sort) => ({ value: sort === "newest" ? "" : sort, label: say(`sort.${sort}`) })),
      },
    ];
  }

  override page(answer: unknown) {
    const { payments, next } = answer as PortalPayments;
    return { rows: payments, next };
  }

  override href = ({ id }: Row): string => placeOf(`payments/${id}`);

  override name = (row: Row): string =>
    [
      dateTime(row.createdAt),
      row.customer.name,
      stateWords(row.state),
      money(row.totalMinor, row.currency),
    ].join(", ");

  override nothing(filtered: boolean) {
    return filtered
      ? { title: say("payments.noneTitle"), words: say("payments.none") }
      : { title: say("payments.emptyTitle"), words: say("payments.empty") };
  }

  override small(row: Row) {
    return html`<span class="flex items-baseline justify-between gap-4">
        <span class="min-w-0 truncate font-medium">${row.customer.name}</span>
        <span class="shrink-0 font-medium tabular-nums"><bdi>${money(row.totalMinor, row.currency)}</bdi></span>
      </span>
      <span class="mt-1 flex items-baseline justify-between gap-4 text-sm text-muted">
        <span class="tabular-nums">${dateTime(row.createdAt)}</span>${status(row.state)}
      </span>`;
  }
}

customElements.define("payments-page", PaymentsPage);
