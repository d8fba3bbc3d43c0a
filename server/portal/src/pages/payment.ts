import type { PortalPayment, TimelineStep } from "@clarity/server/contract";
import { html, nothing, type TemplateResult } from "lit";
import { get } from "../api/client.ts";
import { codeOf } from "../api/problem.ts";
import { Query } from "../api/query.ts";
import { placeOf } from "../shell/router.ts";
import { PortalElement } from "../ui/element.ts";
import { dateTime, day, money, time } from "../ui/format.ts";
import { icon } from "../ui/icons.ts";
import { empty, failed } from "../ui/notice.ts";
import { status } from "../ui/status.ts";
import { say, sayIfKnown } from "../words/words.ts";

const dots: Readonly<Record<TimelineStep["tone"], string>> = {
  neutral: "bg-control",
  good: "bg-success",
  bad: "bg-danger",
  waiting: "bg-info",
};

/** One payment, with all that happened to it. */
class PaymentPage extends PortalElement {
  static override properties = { paymentId: { attribute: false } };
  declare paymentId: string;

  readonly #payment = new Query<PortalPayment>(this, () => ({
    key: ["payment", this.paymentId],
    read: () => get<PortalPayment>(`/payments/${encodeURIComponent(this.paymentId)}`),
  }));

  override render() {
    const { data, error } = this.#payment.result;
    return html`<a class="mb-4 inline-flex min-h-10 items-center gap-1 text-link" href=${placeOf("payments")}>${icon("back")}${say("payments.title")}</a>
      ${data ? this.#page(data) : error ? this.#error(error) : this.#skeleton()}`;
  }

  #error(error: unknown) {
    if (codeOf(error) === "not_found" || codeOf(error) === "validation_failed") {
      return empty(say("payment.title"), say("payment.notFound"));
    }
    return failed(error, () => this.#payment.again());
  }

  #page(payment: PortalPayment) {
    const { currency } = payment;
    return html`<header class="mb-6 flex flex-wrap items-end justify-between gap-x-8 gap-y-2">
        <div class="min-w-0">
          <p class="truncate text-muted">${payment.customer.name}</p>
          <h1 class="text-3xl font-semibold tracking-tight tabular-nums"><bdi>${money(payment.totalMinor, currency)}</bdi></h1>
        </div>
        <p class="text-base">${status(payment.state)}</p>
      </header>
      ${payment.verb === null ? nothing : html`<p class="mb-6 rounded-card border border-warning px-4 py-3" role="status">${say("payment.needs")} <a class="text-link" href=${placeOf("inbox")}>${say("inbox.title")}</a></p>`}
      <div class="grid items-start gap-6 lg:grid-cols-[minmax(0,1fr)_20rem]">
        <section class="card px-5 py-4" aria-labelledby="timeline">
          <h2 id="timeline" class="mb-4 text-lg font-semibold">${say("payment.timeline")}</h2>
          <ol class="relative ms-1 border-s border-line">${payment.timeline.map(step)}</ol>
        </section>
        <div class="grid gap-6">${facts(payment)} ${lines(payment)}</div>
      </div>`;
  }

  #skeleton() {
    return html`<div role="status"><span class="sr-only">${say("common.loading")}</span>
      <div class="skeleton mb-2 h-4 w-40"></div><div class="skeleton mb-6 h-9 w-56"></div><div class="card h-80"></div></div>`;
  }
}

function step({ at, what, by, tone, evidence }: TimelineStep): TemplateResult {
  return html`<li class="relative ps-6 pb-6 last:pb-1">
    <span class="absolute -start-[5px] top-2 size-[9px] rounded-full ring-4 ring-bg ${dots[tone]}" aria-hidden="true"></span>
    <p class="flex flex-wrap items-baseline justify-between gap-x-4">
      <span class="font-medium">${sayIfKnown(`step.${what}`) ?? what}</span>
      <time class="text-sm text-muted tabular-nums" datetime=${at}>${day(at)}, ${time(at)}</time>
    </p>
    ${by === null ? nothing : html`<p class="text-sm text-muted">${say("step.by", { name: by })}</p>`}
    ${
      evidence.length === 0
        ? nothing
        : html`<dl class="mt-1 grid grid-cols-[auto_minmax(0,1fr)] gap-x-3 text-sm">
          ${evidence.map(({ label, value }) => html`<dt class="text-muted">${label}</dt><dd class="break-words"><bdi>${value}</bdi></dd>`)}
        </dl>`
    }
  </li>`;
}

function facts(payment: PortalPayment): TemplateResult {
  const { currency, card } = payment;
  const known: readonly [label: string, value: string | null][] = [
    [say("payment.customer"), payment.customer.name],
    [say("payment.receipt"), payment.receiptNumber],
    [say("payment.paidOn"), payment.capturedAt && dateTime(payment.capturedAt)],
    [say("payments.card"), card && `${card.brand} ·${card.last4}`],
    [say("payments.erp"), payment.erp === "none" ? null : say(`erp.${payment.erp}`)],
    [say("payment.reason"), payment.reason],
    [say("payment.amount"), money(payment.amountMinor, currency)],
    [
      say("payment.surcharge"),
      payment.surchargeMinor === "0" ? null : money(payment.surchargeMinor, currency),
    ],
    [say("payment.id"), payment.id],
  ];
  return html`<section class="card px-5 py-4">
    <dl class="grid gap-3 text-sm">
      ${known.map(([label, value]) => (value ? html`<div><dt class="text-muted">${label}</dt><dd class="break-words tabular-nums"><bdi>${value}</bdi></dd></div>` : nothing))}
    </dl>
  </section>`;
}

const lines = ({ lines: paid, currency }: PortalPayment): TemplateResult =>
  html`<section class="card px-5 py-4" aria-labelledby="lines">
    <h2 id="lines" class="mb-2 font-semibold">${say("payment.lines")}</h2>
    <ul class="text-sm">
      ${paid.map(
        ({ invoiceNumber, amountMinor }) =>
          html`<li class="flex justify-between gap-4 py-1"><span class="min-w-0 break-words"><bdi>${invoiceNumber}</bdi></span><span class="tabular-nums"><bdi>${money(amountMinor, currency)}</bdi></span></li>`,
      )}
    </ul>
  </section>`;

customElements.define("payment-page", PaymentPage);
