import type { Context } from "hono";
import { html } from "hono/html";
import { hostPage } from "../shared/host-page.ts";
import { mailCss } from "./mail-pages.css.ts";
import type { Mail } from "./store.ts";

const at = (instant: string) => `${instant.slice(0, 10)} ${instant.slice(11, 19)} UTC`;

export function mailListPage(c: Context, { mails, tourUrl }: { mails: Mail[]; tourUrl: string }) {
  return hostPage(c, {
    title: `Mailbox (${mails.length})`,
    css: mailCss,
    body: html`<body><header><h1>Mailbox</h1><a href="${tourUrl}">Back to the tour</a></header><main>
<p class="quiet">Every mail the demo sends lands here, whoever it is for.</p>
${
  mails.length === 0
    ? html`<p class="empty">No mail yet. Pay an invoice and the receipt appears within seconds.</p>`
    : html`<ul class="list">${mails.map(
        (mail) => html`<li><a href="/mail/${mail.id}"><strong>${mail.subject || "(no subject)"}</strong>
<span>${mail.from}</span><span>to ${mail.to.join(", ")}</span><time datetime="${mail.receivedAt}">${at(mail.receivedAt)}</time></a></li>`,
      )}</ul>`
}</main></body>`,
  });
}

/** The frame follows no link, so those of the text part stand beside it. */
const linksIn = (text: string): string[] => text.match(/^https?:\/\/\S+$/gm) ?? [];

/** One mail: the HTML part in a sandboxed frame of its own policy, the text part beside it. */
export function mailPage(c: Context, mail: Mail) {
  return hostPage(c, {
    title: mail.subject,
    css: mailCss,
    allow: { frame: "'self'" },
    body: html`<body><header><h1>${mail.subject || "(no subject)"}</h1><a href="/mail">All mail</a></header><main>
<dl><dt>From</dt><dd>${mail.from}</dd><dt>To</dt><dd>${mail.to.join(", ")}</dd><dt>Received</dt><dd>${at(mail.receivedAt)}</dd></dl>
${linksIn(mail.text).map((link) => html`<p class="quiet">A link in it: <a href="${link}">${link}</a></p>`)}
${mail.html ? html`<iframe sandbox src="/mail/${mail.id}/body" title="The mail as HTML"></iframe>` : ""}
<details${mail.html ? "" : " open"}><summary>Text part</summary><pre>${mail.text}</pre></details>
</main></body>`,
  });
}
