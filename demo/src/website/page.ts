import type { Context } from "hono";
import { html } from "hono/html";
import { hostileCss, hostPage } from "../shared/host-page.ts";
import { websiteCss } from "./page.css.ts";
import type { Website } from "./routes.ts";

/** In the order in which such pages load them: theirs first, ours somewhere after. */
const before = [
  "zone.js",
  "prototype-like.js",
  "mootools-like.js",
  "polyfills.js",
  "traced-fetch.js",
  "policies.js",
  "mousetrap.js",
  "hotkeys.js",
];

/** The page moves the form where its script likes it best, takes it out for another tab, and shows it in a dialog. */
const pageScript = `
window.payEvents = [];
["pay-ready", "pay-success", "pay-error"].forEach(function (name) {
  document.addEventListener(name, function (event) { payEvents.push({ type: name, detail: event.detail }); });
});
document.addEventListener("DOMContentLoaded", function () {
  var form = document.createElement("pay-form");
  form.setAttribute("token-url", "/website/pay-token");
  document.querySelector("#aside").append(form);
  var places = { pay: "#pay", dialog: "#in-dialog" }, dialog = document.querySelector("dialog");
  function show(tab) {
    document.querySelectorAll(".tabs button").forEach(function (button) { button.setAttribute("aria-pressed", String(button.name === tab)); });
    dialog.close();
    form.remove();
    if (tab === "dialog") dialog.showModal();
    if (places[tab]) setTimeout(function () { document.querySelector(places[tab]).append(form); }, 150);
  }
  document.querySelector(".tabs").addEventListener("click", function (event) { if (event.target.name) show(event.target.name); });
  dialog.addEventListener("close", function () { if (document.querySelector("#in-dialog pay-form")) show("pay"); });
  document.addEventListener("pay-ready", function () { document.querySelector("#pay").append(form); }, { once: true });
});
`;

export function websitePage(c: Context, { edgeOrigin, providerOrigin, tourUrl, snippet }: Website) {
  return hostPage(c, {
    title: "Acme Industrial: your account",
    css: hostileCss + websiteCss,
    base: "/archive/2009/",
    scripts: [...before, "shortcuts.js"].map((name) => `/website/lib/${name}`),
    script: pageScript,
    allow: { script: edgeOrigin, connect: edgeOrigin, frame: providerOrigin },
    trustedTypes: "lit-html angular website pay-form",
    body: html`<body>
<header class="bar"><strong>Acme Industrial</strong><a href="/website/billing">Billing</a>
<label>Search <input id="search" type="search" placeholder="press /"></label></header>
<main>
<h1>Your account</h1>
<nav class="tabs" aria-label="Account"><button type="button" name="pay" aria-pressed="true">Pay</button>
<button type="button" name="history" aria-pressed="false">History</button>
<button type="button" name="dialog" aria-pressed="false">Pay in a dialog</button></nav>
<div class="columns"><section id="pay" aria-label="Pay"></section><aside id="aside" aria-label="Account"><p>This page was written by many hands.
It has zone.js, shortcuts on <kbd>/</kbd>, <kbd>2</kbd>, <kbd>3</kbd> and <kbd>s</kbd>, prototypes and functions of its own in the place of the
browser's, a &lt;base&gt; that leads nowhere, Trusted Types policies, and it moves the form about.</p></aside></div>
<dialog aria-label="Pay"><form method="dialog"><button>Close</button></form><div id="in-dialog"></div></dialog>
<footer>The third host of the demo. <a href="${tourUrl}">Back to the tour</a></footer>
</main>
<script src="${edgeOrigin}${snippet.path}" integrity="${snippet.integrity}" crossorigin="anonymous" async></script>
</body>`,
  });
}
