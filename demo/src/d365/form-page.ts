import type { Context } from "hono";
import { html, raw } from "hono/html";
import { forPeople } from "../shared/decimal.ts";
import { amdTrap, hostileCss, hostPage } from "../shared/host-page.ts";
import { formCss } from "./form-page.css.ts";
import type { HostPages } from "./host-setup.ts";
import type { OracleCustomer, OracleInvoice } from "./oracle.ts";
import { formScriptFrame, webResourcePath, webResourceQuery } from "./web-resource/web-resource.ts";

export interface FormPage {
  customer: OracleCustomer;
  customers: OracleCustomer[];
  invoices: OracleInvoice[];
  pages: HostPages;
  /** Language of the signed-in user; reaches the web resource as `userlcid`. */
  locale: string;
  /** `light` or `dark` in the control's custom parameter; null: as the browser prefers. */
  themeMode: string | null;
}

/** Windows language ids of the languages the form speaks. */
const lcids: Record<string, number> = { en: 1033, es: 3082, fr: 1036, de: 1031, ar: 1025 };

const modes = ["light", "dark"];

/** `%7b…%7d`: the host writes record ids in braces, encoded, lower case in links, upper in frames. */
const braced = (guid: string) => `%7b${guid.toUpperCase()}%7d`;

/**
 * The account form of a model-driven app. Nothing of ours runs in it: a tab holds the control of an HTML web resource,
 * and that holds loader and payment form. The form's own scripts live in a frame apart and see neither.
 */
export function formPage(c: Context, view: FormPage): Promise<Response> {
  const { customer, pages } = view;
  const locale = view.locale in lcids ? view.locale : "en";
  return hostPage(c, {
    title: `Account: ${customer.name} - Sales Hub`,
    lang: locale,
    dir: locale === "ar" ? "rtl" : "ltr",
    css: hostileCss + formCss,
    script: amdTrap,
    allow: { frame: "'self'" },
    body: html`<body>
<header class="top"><span class="waffle" aria-hidden="true"></span><strong>Fieldstone 365</strong><span class="app">Sales Hub</span><span class="me" aria-hidden="true">RK</span></header>
<div class="shell">
<nav class="map" aria-label="Site map"><ul><li><a href="/">Home</a></li><li><a href="#recent">Recent</a></li></ul>
  <h2>Customers</h2><ul><li class="on"><a href="?pagetype=entityrecord&etn=account&id=${braced(customer.guid)}" aria-current="page">Accounts</a></li><li><a href="#contacts">Contacts</a></li></ul>
  <h2>Finance</h2><ul><li><a href="/">Journals</a></li></ul></nav>
<main>
  <div class="commands" aria-hidden="true"><span>Save</span><span>Save &amp; Close</span><span>New</span><span>Deactivate</span><span>Assign</span><span>Flow</span></div>
  ${selector(view)}
  <section class="card record"><div class="avatar" aria-hidden="true">${initials(customer.name)}</div>
    <div><h1>${customer.name}</h1><p>Account · Wholesale</p></div>
    <dl><div><dt>${forPeopleTotal(view.invoices)}</dt><dd>Open balance</dd></div><div><dt>${customer.id}</dt><dd>Account number</dd></div><div><dt>Rita Kovač</dt><dd>Owner</dd></div></dl></section>
  <div class="tablist" aria-hidden="true"><span>Summary</span><span>Details</span><b>Invoices &amp; payments</b><span>Related</span></div>
  <section class="card" aria-labelledby="pay"><h2 id="pay">Online payment</h2>
    ${control(view, locale)}
  </section>
  <footer>Stand-in ERP of the demo. <a href="${pages.tourUrl}">Back to the tour</a> · <a href="/">Journals and invoices</a></footer>
</main></div>
<iframe id="${formScriptFrame.id}" name="${formScriptFrame.id}" title="Form scripts" src="${formScriptFrame.path}" hidden aria-hidden="true" tabindex="-1"></iframe></body>`,
  });
}

/** The web resource's control, with "pass record object-type code and unique identifier as parameters". */
function control({ customer, themeMode }: FormPage, locale: string) {
  const query = webResourceQuery({
    id: customer.guid,
    lcid: lcids[locale] ?? 1033,
    data: modes.includes(themeMode ?? "") ? `theme-mode=${themeMode}` : "",
  });
  return html`<iframe id="WebResource_pay" name="WebResource_pay" title="Online payment" src="${raw(`${webResourcePath}?${query.replaceAll("&", "&amp;")}`)}"></iframe>`;
}

/** For testers; a real form opens the record it is on. */
function selector({ customer, customers, locale, themeMode }: FormPage) {
  const option = (value: string, text: string, chosen: string) =>
    html`<option value="${value}"${value === chosen ? raw(" selected") : ""}>${text}</option>`;
  return html`<form class="tester" action="/main.aspx" aria-label="View as">
    <span>View as</span><input type="hidden" name="pagetype" value="entityrecord"><input type="hidden" name="etn" value="account">
    <select name="id" aria-label="Account">${customers.map(({ guid, name }) => option(`{${guid}}`, name, `{${customer.guid}}`))}</select>
    <select name="locale" aria-label="Language">${Object.keys(lcids).map((tag) => option(tag, tag, locale))}</select>
    <select name="theme-mode" aria-label="Theme mode">${["", ...modes].map((mode) => option(mode, mode || "browser's mode", themeMode ?? ""))}</select>
    <button>Show</button></form>`;
}

const initials = (name: string) =>
  name
    .split(" ")
    .slice(0, 2)
    .map((word) => word[0])
    .join("");

/** The header shows the account's largest balance; the form below knows all currencies. */
function forPeopleTotal(invoices: OracleInvoice[]): string {
  const sums = new Map<string, number>();
  for (const { currency, open } of invoices) sums.set(currency, (sums.get(currency) ?? 0) + Number(open));
  const [largest] = [...sums].toSorted(([, left], [, right]) => right - left);
  return largest ? forPeople(String(largest[1]), largest[0]) : "0.00 USD";
}
