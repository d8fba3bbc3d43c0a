import type { Overview } from "@clarity/server/contract";
import { html, nothing, svg, type TemplateResult } from "lit";
import { get } from "../api/client.ts";
import { Query } from "../api/query.ts";
import { placeOf } from "../shell/router.ts";
import { PortalElement } from "../ui/element.ts";
import { compactMoney, count, money, percent, shortDay } from "../ui/format.ts";
import { failed } from "../ui/notice.ts";
import { say } from "../words/words.ts";

type Sums = Overview["currencies"][number];

/** How the last weeks went, and what waits. */
class OverviewPage extends PortalElement {
  readonly #overview = new Query<Overview>(this, () => ({
    key: ["overview"],
    read: () => get<Overview>("/overview"),
  }));

  override render() {
    const { data, error } = this.#overview.result;
    return html`<header class="mb-5 flex flex-wrap items-baseline justify-between gap-3">
        <h1 class="text-2xl font-semibold tracking-tight">${say("overview.title")}</h1>
        <p class="text-muted">${say("overview.days", { days: data?.days ?? 30 })}</p>
      </header>
      ${data ? page(data) : error ? failed(error, () => this.#overview.again()) : skeleton()}`;
  }
}

function page(data: Overview): TemplateResult {
  const { waiting } = data;
  const people = waiting.conflicts + waiting.deadLetters;
  return html`<dl class="grid grid-cols-2 gap-3 lg:grid-cols-4">
      ${tile(say("overview.success"), data.successRate === null ? "–" : percent(data.successRate), say("overview.declined", { count: count(data.currencies.reduce((sum, { declined }) => sum + declined, 0)) }))}
      ${tile(say("overview.erp"), data.erpMedianS === null ? "–" : duration(data.erpMedianS), say("overview.open", { count: count(waiting.open) }))}
      ${tile(say("overview.waiting"), people === 0 ? say("overview.nothing") : count(people), say("overview.conflicts", { conflicts: waiting.conflicts, dead: waiting.deadLetters }))}
      ${overdueTile(data)}
    </dl>
    ${
      data.currencies.length === 0
        ? html`<p class="card mt-3 px-6 py-14 text-center text-muted">${say("overview.none")}</p>`
        : html`<div class="mt-3 grid gap-3 ${data.currencies.length > 1 ? "lg:grid-cols-2" : ""}">${data.currencies.map(volume)}</div>`
    }`;
}

const tile = (label: string, value: string, more: string): TemplateResult =>
  html`<div class="card px-4 py-3">
    <dt class="text-sm text-muted">${label}</dt>
    <dd class="mt-1 text-2xl font-semibold tracking-tight tabular-nums"><bdi>${value}</bdi></dd>
    <dd class="mt-0.5 text-sm text-muted">${more}</dd>
  </div>`;

function overdueTile({ overdue }: Overview): TemplateResult {
  const [first, ...others] = overdue;
  const invoices = overdue.reduce((sum, one) => sum + one.invoices, 0);
  const value = first ? compactMoney(first.openMinor, first.currency) : say("overview.nothing");
  const more = others.map(({ openMinor, currency }) => compactMoney(openMinor, currency)).join(", ");
  return tile(
    say("overview.overdue"),
    value,
    [more, say("overview.invoices", { count: count(invoices) })].filter(Boolean).join(" · "),
  );
}

const duration = (seconds: number): string =>
  seconds < 90
    ? say("overview.seconds", { count: count(Math.round(seconds * 10) / 10) })
    : say("overview.minutes", { count: count(Math.round(seconds / 60)) });

function volume(sums: Sums): TemplateResult {
  const { currency, capturedMinor, captured } = sums;
  return html`<section class="card px-4 py-3">
    <div class="flex flex-wrap items-baseline justify-between gap-x-4">
      <h2 class="text-sm text-muted">${say("overview.volume")}</h2>
      <a class="text-sm text-link" href=${placeOf("payments", { currency })}>${say("overview.payments", { count: count(captured) })}</a>
    </div>
    <p class="mt-1 text-2xl font-semibold tracking-tight tabular-nums"><bdi>${money(capturedMinor, currency)}</bdi></p>
    ${chart(sums)}
  </section>`;
}

/** Bars of a day each: small enough to need no library. What they say is in words for who does not see them. */
function chart({ series, currency }: Sums): TemplateResult {
  const most = series.reduce((max, { capturedMinor }) => Math.max(max, Number(capturedMinor)), 1);
  const width = 100 / series.length;
  const first = series.at(0)?.day;
  const last = series.at(-1)?.day;
  return html`<svg class="mt-4 h-28 w-full text-primary" viewBox="0 0 100 40" preserveAspectRatio="none" role="img" aria-label=${say("overview.chart", { currency })}>
      ${series.map(({ day, capturedMinor }, at) => {
        const height = Math.max((Number(capturedMinor) / most) * 40, 0.6);
        const title = `${shortDay(day)}: ${money(capturedMinor, currency)}`;
        return svg`<rect x=${at * width + width * 0.15} y=${40 - height} width=${width * 0.7} height=${height} rx="0.4" fill="currentColor" opacity=${capturedMinor === "0" ? 0.25 : 1}><title>${title}</title></rect>`;
      })}
    </svg>
    <p class="mt-1 flex justify-between text-xs text-muted tabular-nums">
      ${first && last ? html`<span>${shortDay(first)}</span><span>${shortDay(last)}</span>` : nothing}
    </p>`;
}

const skeleton = (): TemplateResult =>
  html`<div role="status"><span class="sr-only">${say("common.loading")}</span>
    <div class="grid grid-cols-2 gap-3 lg:grid-cols-4">${Array.from({ length: 4 }, () => html`<div class="card h-24 px-4 py-3"><div class="skeleton h-3 w-20"></div><div class="skeleton mt-3 h-6 w-24"></div></div>`)}</div>
    <div class="card mt-3 h-56"></div></div>`;

customElements.define("overview-page", OverviewPage);
