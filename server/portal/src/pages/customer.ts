import type { PortalCustomer } from "@clarity/server/contract";
import { html, nothing } from "lit";
import { get } from "../api/client.ts";
import { codeOf } from "../api/problem.ts";
import { Query } from "../api/query.ts";
import { placeOf } from "../shell/router.ts";
import { PortalElement } from "../ui/element.ts";
import { calendarDay, money } from "../ui/format.ts";
import { icon } from "../ui/icons.ts";
import { empty, failed } from "../ui/notice.ts";
import { say } from "../words/words.ts";
import { owedWords } from "./customers.ts";
import { invoicePlace, invoiceState } from "./invoices.ts";

/** One customer, with its invoices. */
class CustomerPage extends PortalElement {
  static override properties = { customerId: { attribute: false } };
  declare customerId: string;

  readonly #customer = new Query<PortalCustomer>(this, () => ({
    key: ["customer", this.customerId],
    read: () => get<PortalCustomer>(`/customers/${encodeURIComponent(this.customerId)}`),
  }));

  override render() {
    const { data, error } = this.#customer.result;
    return html`<a class="mb-4 inline-flex min-h-10 items-center gap-1 text-link" href=${placeOf("customers")}>${icon("back")}${say("nav.customers")}</a>
      ${data ? this.#page(data) : error ? this.#error(error) : this.#skeleton()}`;
  }

  #error(error: unknown) {
    const none = codeOf(error) === "not_found" || codeOf(error) === "validation_failed";
    if (none) return empty(say("payments.customer"), say("customer.notFound"));
    return failed(error, () => this.#customer.again());
  }

  #page(customer: PortalCustomer) {
    return html`<header class="mb-6 flex flex-wrap items-end justify-between gap-x-8 gap-y-2">
        <div class="min-w-0">
          <h1 class="text-3xl font-semibold tracking-tight break-words">${customer.name}</h1>
          <p class="break-all text-muted"><bdi>${customer.id}</bdi>${customer.email ? html` · <bdi>${customer.email}</bdi>` : nothing}</p>
        </div>
        <p class="sm:text-end"><span class="block text-sm text-muted">${say("invoices.owed")}</span>
          <bdi class="text-xl font-semibold tabular-nums">${owedWords(customer)}</bdi></p>
      </header>
      <p class="mb-3 flex flex-wrap items-baseline justify-between gap-4"><span class="text-lg font-semibold">${say("nav.invoices")}</span>
        <a class="inline-flex min-h-10 items-center text-link" href=${placeOf("payments", { customer: customer.id })}>${say("payments.title")}</a></p>
      ${
        customer.invoices.length === 0
          ? html`<p class="card px-5 py-8 text-center text-muted">${say("invoices.emptyTitle")}</p>`
          : html`<ul class="card divide-y divide-line">${customer.invoices.map(
              (
                invoice,
              ) => html`<li><a class="grid grid-cols-[minmax(0,1fr)_auto] items-baseline gap-x-4 gap-y-1 px-4 py-3 hover:bg-sunken sm:grid-cols-[minmax(0,1fr)_10rem_7rem_8rem]" href=${invoicePlace(invoice.id)}>
              <bdi class="font-medium break-words">${invoice.number}</bdi>
              <span class="order-2 text-sm text-muted sm:order-none">${say("invoices.due")} ${calendarDay(invoice.dueOn)}</span>
              <span class="order-3 text-sm sm:order-none">${invoiceState(invoice.state)}</span>
              <bdi class="order-1 text-end font-medium tabular-nums sm:order-none">${money(invoice.owedMinor, invoice.currency)}</bdi></a></li>`,
            )}</ul>`
      }`;
  }

  #skeleton() {
    return html`<div role="status"><span class="sr-only">${say("common.loading")}</span>
      <div class="skeleton mb-6 h-9 w-56"></div><div class="card h-60"></div></div>`;
  }
}

customElements.define("customer-page", CustomerPage);
