import type { PortalInvoice } from "@clarity/server/contract";
import { html, nothing } from "lit";
import { get } from "../api/client.ts";
import { codeOf } from "../api/problem.ts";
import { Query } from "../api/query.ts";
import { placeOf } from "../shell/router.ts";
import { PortalElement } from "../ui/element.ts";
import { calendarDay, dateTime, money } from "../ui/format.ts";
import { icon } from "../ui/icons.ts";
import { empty, failed } from "../ui/notice.ts";
import { status } from "../ui/status.ts";
import { say } from "../words/words.ts";
import { customerPlace } from "./customers.ts";
import { invoiceState } from "./invoices.ts";

/** One invoice, with what was paid of it. */
class InvoicePage extends PortalElement {
  static override properties = { invoiceId: { attribute: false } };
  declare invoiceId: string;

  readonly #invoice = new Query<PortalInvoice>(this, () => ({
    key: ["invoice", this.invoiceId],
    read: () => get<PortalInvoice>(`/invoices/${encodeURIComponent(this.invoiceId)}`),
  }));

  override render() {
    const { data, error } = this.#invoice.result;
    return html`<a class="mb-4 inline-flex min-h-10 items-center gap-1 text-link" href=${placeOf("invoices")}>${icon("back")}${say("nav.invoices")}</a>
      ${data ? this.#page(data) : error ? this.#error(error) : this.#skeleton()}`;
  }

  #error(error: unknown) {
    const none = codeOf(error) === "not_found" || codeOf(error) === "validation_failed";
    if (none) return empty(say("invoices.number"), say("invoice.notFound"));
    return failed(error, () => this.#invoice.again());
  }

  #page(invoice: PortalInvoice) {
    const { currency, customer } = invoice;
    const facts: readonly [label: string, value: string | null][] = [
      [say("payments.total"), money(invoice.totalMinor, currency)],
      [say("invoice.held"), invoice.heldMinor === "0" ? null : money(invoice.heldMinor, currency)],
      [say("invoices.issued"), calendarDay(invoice.issuedOn)],
      [say("invoices.due"), calendarDay(invoice.dueOn)],
      [say("payment.id"), invoice.id],
    ];
    return html`<header class="mb-6 flex flex-wrap items-end justify-between gap-x-8 gap-y-2">
        <div class="min-w-0">
          <a class="break-words text-link" href=${customerPlace(customer.id)}>${customer.name}</a>
          <h1 class="text-3xl font-semibold tracking-tight break-words"><bdi>${invoice.number}</bdi></h1>
        </div>
        <p class="sm:text-end"><span class="block text-sm text-muted">${say("invoices.owed")}</span>
          <bdi class="text-xl font-semibold tabular-nums">${money(invoice.owedMinor, currency)}</bdi>
          <span class="ms-3">${invoiceState(invoice.state)}</span></p>
      </header>
      <div class="grid items-start gap-6 lg:grid-cols-[minmax(0,1fr)_20rem]">
        <section aria-labelledby="paid"><h2 id="paid" class="mb-3 text-lg font-semibold">${say("payments.title")}</h2>
          ${
            invoice.payments.length === 0
              ? html`<p class="card px-5 py-8 text-center text-muted">${say("invoice.unpaid")}</p>`
              : html`<ul class="card divide-y divide-line">${invoice.payments.map(
                  (
                    payment,
                  ) => html`<li><a class="flex flex-wrap items-baseline justify-between gap-x-4 px-4 py-3 hover:bg-sunken" href=${placeOf(`payments/${payment.id}`)}>
                  <span class="tabular-nums">${dateTime(payment.createdAt)}</span>${status(payment.state)}
                  <bdi class="font-medium tabular-nums">${money(payment.totalMinor, payment.currency)}</bdi></a></li>`,
                )}</ul>`
          }</section>
        <section class="card px-5 py-4"><dl class="grid gap-3 text-sm">
          ${facts.map(([label, value]) => (value ? html`<div><dt class="text-muted">${label}</dt><dd class="break-words tabular-nums"><bdi>${value}</bdi></dd></div>` : nothing))}
        </dl></section>
      </div>`;
  }

  #skeleton() {
    return html`<div role="status"><span class="sr-only">${say("common.loading")}</span>
      <div class="skeleton mb-2 h-4 w-40"></div><div class="skeleton mb-6 h-9 w-56"></div><div class="card h-60"></div></div>`;
  }
}

customElements.define("invoice-page", InvoicePage);
