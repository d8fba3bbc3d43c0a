import type { Context } from "hono";
import { html, raw } from "hono/html";
import { hostPage } from "../shared/host-page.ts";
import { tourCss } from "./tour-page.css.ts";

/** Base URLs as a browser reaches them, without a slash at the end. */
export interface TourLinks {
  edge: string;
  acme: string;
  globex: string;
  netsuite: string;
  d365: string;
  website: string;
  provider: string;
  mailbox: string;
}

const cards: [number: string, what: string, tone?: "good" | "bad" | "odd"][] = [
  ["4242 4242 4242 4242", "Visa credit, succeeds; a surcharge is shown first", "good"],
  ["4000 0566 5566 5556", "Visa debit, succeeds; debit cards carry no surcharge", "good"],
  ["5555 5555 5555 4444", "Mastercard credit, succeeds", "good"],
  ["3782 822463 10005", "American Express, four-digit code", "good"],
  ["6011 1111 1111 1117", "Discover credit, succeeds", "good"],
  ["4000 0027 6000 3184", "asks you to confirm with your bank (3-D Secure)", "odd"],
  ["4000 0000 0000 0002", "declined", "bad"],
  ["4000 0000 0000 9995", "declined: insufficient funds", "bad"],
  ["4000 0000 0000 4202", "charged, but the answer never comes", "odd"],
  ["4000 0000 0000 4210", "the answer takes 12 seconds", "odd"],
];

const netsuiteCustomers = [
  [1042, "Northgate Millworks", "the everyday account: some overdue, one part paid"],
  [1043, "Tidewater Global Trading", "USD, EUR, JPY and KWD, each beyond a million once"],
  [1045, "Cascade Retail Group", "forty open invoices"],
  [1046, "Freshwater Labs", "nothing open"],
] as const;

const account = "3f2504e0-4f89-41d3-9a0c-0305e82c3301";

/** The start page: what to look at, in which order, and what to break. */
export function tourPage(c: Context, links: TourLinks): Promise<Response> {
  const centre = (customer: number, more = "") =>
    `${links.netsuite}/app/center/card.nl?customer=${customer}${more}`;
  const form = `${links.d365}/main.aspx?pagetype=entityrecord&etn=account&id=%7b${account}%7d`;
  return hostPage(c, {
    title: "Clarity: pay an invoice where you already are",
    css: tourCss,
    body: html`<body>
<header class="hero"><div class="wrap">
  <p class="brand">Clarity</p>
  <h1>Pay an open invoice inside the ERP screen you already use.</h1>
  <p class="lead">Two companies, two ERPs, two looks. You are their customer, and then the seller. Everything below runs on this machine: nothing is charged, nothing leaves it.</p>
  <p class="go"><a class="button" href="${centre(1042)}">Start in the customer centre</a> <a class="button ghost" href="${form}">Start in the account form</a></p>
</div></header>
<main class="wrap">
<section class="tours" aria-label="Tours">
  ${tour({
    tone: "acme",
    kicker: "Tour one · NetSuite look-alike",
    title: "Acme Industrial",
    words:
      "The form stands in the customer centre page itself: one script tag, one element, pasted by an admin.",
    steps: [
      html`Open the <a href="${centre(1042)}">customer centre</a> as Northgate Millworks.`,
      html`Tick a few invoices. Change one amount: part of an invoice may be paid, never more than is open.`,
      html`Pay with <code>4242 4242 4242 4242</code>, any future date, any code. Watch the surcharge line appear before you pay.`,
      html`See it captured at the <a href="${links.provider}/">provider</a>, booked once as a customer payment <a href="${links.netsuite}/">in the ERP</a>, and the receipt in the <a href="${links.mailbox}/mail">mailbox</a>.`,
    ],
  })}
  ${tour({
    tone: "globex",
    kicker: "Tour two · Dynamics 365 look-alike",
    title: "Globex Corporation",
    words:
      "The same form in an IFRAME on the account record, another brand, another database. The host signs a token when the frame asks for one.",
    steps: [
      html`Open the <a href="${form}">account form</a> of Harborview Wholesales.`,
      html`Pay with <code>4000 0027 6000 3184</code> and confirm with your bank inside the form.`,
      html`The payment becomes a journal line <a href="${links.d365}/">in the ERP</a>; a batch job posts it a moment later.`,
      html`The receipt in the <a href="${links.mailbox}/mail">mailbox</a> wears this brand.`,
    ],
  })}
  ${tour({
    tone: "acme",
    kicker: "Tour three · Be the seller",
    title: "Acme’s own portal",
    words:
      "What the people of Acme see: their payments, what became of each, and their team. At their host, in their colours.",
    steps: [
      html`Open <a href="${links.acme}/portal">Acme’s portal</a> and sign in as <code>ada@acme.test</code>.`,
      html`The link and the code lie in the <a href="${links.mailbox}/mail">mailbox</a>. The link works once; the code in any browser.`,
      html`Find the payment you made: when the bank took it, what the provider calls it, the ERP’s record, the mail.`,
      html`Invite a colleague, or look at <a href="${links.globex}/portal">Globex’s portal</a> as <code>gus@globex.test</code>.`,
    ],
  })}
  ${tour({
    tone: "acme",
    kicker: "A third host · a page of many hands",
    title: "Acme's own website",
    words:
      "The form in a page that was not written for it: zone.js, shortcuts, prototypes and functions of its own, Trusted Types, a base address that leads nowhere.",
    steps: [
      html`Open <a href="${links.website}/website/billing">Billing on the website</a>. Press <code>/</code>: the page searches. Press it in an amount: it is yours.`,
      html`Go to History and back: the form was taken out of the page and stands there again.`,
      html`Pay with <code>4000 0027 6000 3184</code>, in the page or in its dialog, and confirm with your bank.`,
    ],
  })}
</section>
<section aria-labelledby="cards"><h2 id="cards">Cards that know what to do</h2>
  <p>Any future expiry, any security code of the right length.</p>
  <ul class="cards">${cards.map(([number, what, tone]) => html`<li class="${tone ?? ""}"><code>${number}</code><span>${what}</span></li>`)}</ul></section>
<section aria-labelledby="look"><h2 id="look">Look at it differently</h2>
  <ul class="tiles">
    ${netsuiteCustomers.map(([id, name, what]) => html`<li><a href="${centre(id)}">${name}</a><span>${what}</span></li>`)}
    <li><a href="${centre(1042, "&locale=ar")}">Right to left</a><span>the same account in Arabic</span></li>
    <li><a href="${centre(1042, "&locale=de&theme-mode=dark")}">Dark, in German</a><span>the theme's dark colours in the page</span></li>
    <li><a href="${form}&locale=fr">Account form in French</a><span>the language comes from the ERP's user</span></li>
    <li><a href="${form}&theme-mode=dark">Dark frame</a><span>a dark form in a light host</span></li>
  </ul></section>
<section aria-labelledby="break"><h2 id="break">When things go wrong</h2>
  <ol class="faults">
    <li><strong>Lose the bank's answer.</strong> Pay with <code>4000 0000 0000 4202</code>. The form says it is confirming, never that it was declined, and ends with one capture.</li>
    <li><strong>Reload in the middle.</strong> Pay with <code>4000 0000 0000 4210</code> and reload at once: the same payment comes back, and is taken once.</li>
    <li><strong>Kill the server.</strong> While that card is thinking, <code>kill -9</code> the process on port ${String(Number(new URL(links.edge).port) + 1)}. It comes back, and so does the payment.</li>
    <li><strong>Lose the ERP's answer.</strong> ${curl(`${links.netsuite}/demo/faults`, { mode: "lose_answer", remaining: 1 })} The connector finds what it posted: still one record.</li>
    <li><strong>Switch the ERP off.</strong> ${curl(`${links.d365}/demo/faults`, { mode: "error_503", remaining: 5 })} The payment is captured all the same and posted when the ERP is back.</li>
    <li><strong>Refuse the mail.</strong> ${curl(`${links.mailbox}/demo/faults`, { mode: "refuse", remaining: 2 })} The receipt comes a little later, once.</li>
    <li><strong>Pay it elsewhere first.</strong> Open an account in two tabs and pay the same invoice in both: the second is told in words.</li>
  </ol></section>
<section aria-labelledby="all"><h2 id="all">All addresses</h2>
  <dl class="links">
    ${[
      ["Acme's edge", `${links.acme}/openapi.json`, "the API behind the form"],
      ["Globex's edge", `${links.globex}/openapi.json`, "the same, another tenant"],
      ["Acme's portal", `${links.acme}/portal`, "the seller's seat; ada@acme.test"],
      ["Globex's portal", `${links.globex}/portal`, "the same; gus@globex.test"],
      ["NetSuite look-alike", `${links.netsuite}/`, "customer payments and invoices"],
      ["Dynamics 365 look-alike", `${links.d365}/`, "payment journals and invoices"],
      ["Sandbox provider", `${links.provider}/`, "captures, and its fault switches"],
      ["Mailbox", `${links.mailbox}/mail`, "every mail the demo sends"],
    ].map(
      ([name, url, what]) =>
        html`<div><dt>${name}</dt><dd><a href="${url ?? ""}">${url}</a> ${what}</dd></div>`,
    )}
  </dl>
  <p class="quiet">Start over: ${curl(`${links.netsuite}/demo/reset`)} and ${curl(`${links.d365}/demo/reset`)} fill the ERPs anew. On the command line, <code>npx clarity tenant list</code> and <code>npx clarity token mint acme --customer 1042</code>.</p></section>
</main></body>`,
  });
}

function tour(view: {
  tone: string;
  kicker: string;
  title: string;
  words: string;
  steps: ReturnType<typeof html>[];
}) {
  return html`<article class="tour ${view.tone}"><p class="kicker">${view.kicker}</p><h2>${view.title}</h2><p>${view.words}</p>
<ol>${view.steps.map((step) => html`<li>${step}</li>`)}</ol></article>`;
}

/** A line to paste; `*.localhost` is found by curl itself. */
function curl(url: string, body?: Record<string, unknown>) {
  const data = body ? ` -H 'content-type: application/json' -d '${JSON.stringify(body)}'` : "";
  return html`<code class="line">curl -X POST ${url}${raw(data.replaceAll('"', "&quot;"))}</code>`;
}
