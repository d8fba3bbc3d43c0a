import type { Context } from "hono";
import { html, raw } from "hono/html";
import { forPeople } from "../shared/decimal.ts";
import { amdTrap, hostileCss, hostPage } from "../shared/host-page.ts";
import { cardCss } from "./card-page.css.ts";
import type { HostPages } from "./host-setup.ts";
import type { OracleInvoice } from "./oracle.ts";

export interface CardPage {
  customer: { id: string; name: string; email: string };
  customers: { id: string; name: string }[];
  invoices: OracleInvoice[];
  pages: HostPages;
  /** Embed token, minted for this one view. */
  token: string;
  locale: string | null;
  themeMode: string | null;
}

const locales = ["en", "es", "fr", "de", "ar"];
const modes = ["auto", "light", "dark"];

/** The customer centre: the form stands in the page itself, between the host's own portlets. */
export function cardPage(c: Context, view: CardPage): Promise<Response> {
  const { customer, pages } = view;
  const rtl = view.locale === "ar";
  return hostPage(c, {
    title: `${customer.name} - Customer Center`,
    lang: view.locale && locales.includes(view.locale) ? view.locale : "en",
    dir: rtl ? "rtl" : "ltr",
    css: hostileCss + cardCss,
    script: amdTrap + pageScript,
    allow: { script: pages.edgeOrigin, connect: pages.edgeOrigin, frame: pages.providerOrigin },
    body: html`<body>
<header class="bar">
  <div class="mark" aria-hidden="true"><i></i><i></i><i></i></div>
  <strong>Ledgerline</strong><span class="centre">Customer Center</span>
  <form class="search" role="search" action="/app/center/card.nl">
    <label for="q">Search</label><input id="q" name="q" type="search" placeholder="Search"></form>
  <span class="who">${customer.name}<br><small>Customer Center</small></span>
</header>
<nav class="tabs" aria-label="Centre">
  <ul><li><a href="/" title="All records of this account">⌂</a></li><li class="on"><a href="?customer=${customer.id}" aria-current="page">Billing</a></li>
  <li><a href="#orders">Orders</a></li><li><a href="#support">Support</a></li><li><a href="#documents">Documents</a></li></ul>
</nav>
<main>
  <div class="title"><h1>Pay open invoices</h1><p>${customer.name} <span class="id">CUST-${customer.id}</span></p></div>
  ${selector(view)}
  <div class="columns">
    <section class="portlet main" aria-labelledby="payments"><h2 id="payments">Make a payment</h2>
      <div class="inside">${snippet(view)}</div>
    </section>
    <aside>
      ${balances(view.invoices)}
      <section class="portlet" id="support"><h2>Your account</h2><div class="inside">
        <dl><dt>Contact</dt><dd>${customer.email}</dd><dt>Terms</dt><dd>Net 30</dd><dt>Manager</dt><dd>Dana Whitfield</dd></dl></div></section>
      <section class="portlet" id="documents"><h2>Reminders</h2><div class="inside">
        <p>Statements are sent on the first business day of a month.</p></div></section>
    </aside>
  </div>
  <footer>Stand-in ERP of the demo. <a href="${pages.tourUrl}">Back to the tour</a> · <a href="/">Records of this account</a></footer>
</main></body>`,
  });
}

/** Exactly what an admin pastes (the user event of suitescript/ writes the same two lines). */
function snippet({ pages, token, locale, themeMode }: CardPage) {
  const extra = [
    locale && locales.includes(locale) ? ` locale="${locale}"` : "",
    themeMode && modes.includes(themeMode) ? ` theme-mode="${themeMode}"` : "",
  ].join("");
  return html`<script src="${pages.edgeOrigin}${pages.snippet.path}" integrity="${pages.snippet.integrity}" crossorigin="anonymous" async></script>
<pay-form token="${token}"${raw(extra)}></pay-form>`;
}

/** For testers; a real centre knows who is signed in. */
function selector({ customer, customers, locale, themeMode }: CardPage) {
  const option = (value: string, text: string, chosen: string) =>
    html`<option value="${value}"${value === chosen ? raw(" selected") : ""}>${text}</option>`;
  return html`<form class="tester" action="/app/center/card.nl" aria-label="View as">
    <span>View as</span>
    <select name="customer" aria-label="Customer">${customers.map(({ id, name }) => option(id, name, customer.id))}</select>
    <select name="locale" aria-label="Language">${["", ...locales].map((tag) => option(tag, tag || "browser's language", locale ?? ""))}</select>
    <select name="theme-mode" aria-label="Theme mode">${["", ...modes].map((mode) => option(mode, mode || "theme's mode", themeMode ?? ""))}</select>
    <button>Show</button></form>`;
}

function balances(invoices: OracleInvoice[]) {
  const byCurrency = new Map<string, number>();
  for (const { currency, open } of invoices) {
    if (Number(open) > 0) byCurrency.set(currency, (byCurrency.get(currency) ?? 0) + Number(open));
  }
  return html`<section class="portlet" id="orders"><h2>Balance</h2><div class="inside">${
    byCurrency.size === 0
      ? html`<p>Nothing is open.</p>`
      : html`<dl>${[...byCurrency].map(
          ([currency, open]) => html`<dt>${currency}</dt><dd>${forPeople(String(open), currency)}</dd>`,
        )}</dl>`
  }</div></section>`;
}

/** The host notes the form's events as an integrator would; tests read them. */
const pageScript = `
window.payEvents = [];
["pay-ready", "pay-change", "pay-success", "pay-error", "pay-resize"].forEach(function (name) {
  document.addEventListener(name, function (event) { window.payEvents.push({ type: name, detail: event.detail }); });
});
`;
