import { html } from "hono/html";
import type { Challenge } from "../charges/challenge.ts";
import { type Asset, pathOf } from "../http/pages.ts";
import { moneyText } from "./money-text.ts";

const day = new Intl.DateTimeFormat("en", { dateStyle: "long", timeZone: "UTC" });

/** The bank's page: asks once, and says afterwards what became of it. */
export function challengePage({
  challenge,
  css,
  script,
}: {
  challenge: Challenge;
  css: Asset;
  script: Asset;
}) {
  const { status, returnOrigin } = challenge;
  const pending = status === "requires_action";
  const title = pending ? "Confirm your payment" : outcomeTitle(challenge);
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        <link rel="stylesheet" href="${pathOf("bank.css", css)}" integrity="${css.integrity}" />
        ${
          pending
            ? ""
            : html`<script
              src="${pathOf("challenge-done.js", script)}"
              integrity="${script.integrity}"
              crossorigin="anonymous"
              data-return-origin="${returnOrigin ?? ""}"
              defer
            ></script>`
        }
      </head>
      <body>
        <main aria-labelledby="title">
          <div class="bank">
            <svg viewBox="0 0 24 24" fill="currentColor" aria-hidden="true">
              <path d="M12 2 3 7v2h18V7zM5 11v7h3v-7zm5.5 0v7h3v-7zm5.5 0v7h3v-7zM3 20v2h18v-2z" />
            </svg>
            Sandbox Bank
          </div>
          <div class="sheet">
          <h1 id="title">${title}</h1>
          ${pending ? question(challenge) : html`<p role="status">${outcomeText(challenge)}</p>`}
          </div>
        </main>
      </body>
    </html>`;
}

function question(challenge: Challenge) {
  return html`<p>${challenge.merchant} asks for this payment. Approve it only if you started it.</p>
    <dl>
      <div><dt>Amount</dt><dd>${moneyText(challenge.amount, challenge.currency)}</dd></div>
      <div><dt>Merchant</dt><dd>${challenge.merchant}</dd></div>
      <div><dt>Card</dt><dd>•••• ${challenge.last4}</dd></div>
      <div><dt>Date</dt><dd>${day.format(challenge.createdAt)}</dd></div>
    </dl>
    <form method="post" action="/3ds/${challenge.id}">
      <input type="hidden" name="t" value="${challenge.challengeToken}" />
      <button name="decision" value="approve">Approve</button>
      <button name="decision" value="decline">Decline</button>
    </form>`;
}

function outcomeTitle({ status }: Challenge): string {
  return status === "declined" ? "Payment not confirmed" : "Payment confirmed";
}

function outcomeText({ status }: Challenge): string {
  return status === "declined"
    ? "Your card was not charged. You can go back to the merchant."
    : "Thank you. You can go back to the merchant.";
}
