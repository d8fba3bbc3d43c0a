import { html } from "hono/html";
import type { NamedCharge, Total } from "../charges/list-recent.ts";
import { type Fault, type FaultMode, faultModes, type Operation, operations } from "../faults/faults.ts";
import { type Asset, pathOf } from "../http/pages.ts";
import { moneyText } from "./money-text.ts";

const faultTexts: Record<FaultMode, string> = {
  none: "No fault",
  timeout_after_charge: "Done, but the answer never comes",
  error_500: "Not done, 500 stored under the key",
  error_500_after: "Done, 500 stored under the key",
  error_409: "Done, but answered 409",
  not_found_after_submit: "Charged, connection lost, look-ups say 404",
  drop_webhooks: "Webhooks are lost for good",
  duplicate_webhooks: "Webhooks come twice",
  late_webhooks: "Webhooks come late",
};

const operationTexts: Record<Operation, string> = {
  charge: "charges",
  capture: "captures",
  refund: "refunds",
};

const icon = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="4" fill="#0f5f58"/><path d="M3 6h10v2H3z" fill="#fff"/></svg>',
)}`;

export interface ConsoleView {
  totals: Total[];
  charges: NamedCharge[];
  fault: Fault;
  events: { queued: bigint; delivered: bigint; dropped: bigint };
  css: Asset;
}

export function consolePage({ totals, charges, fault, events, css }: ConsoleView) {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>Sandbox payment provider</title>
        <link rel="icon" href="${icon}" />
        <link rel="stylesheet" href="${pathOf("console.css", css)}" integrity="${css.integrity}" />
      </head>
      <body>
        <main>
          <h1>Sandbox payment provider</h1>
          <p>What was captured here is what happened. No real money moves.</p>
          <h2 id="totals">Captured</h2>
          ${totalsTable(totals)}
          <h2 id="fault">Faults</h2>
          ${faultForm(fault)}
          <h2 id="charges">Charges</h2>
          <p>
            The newest 100. Webhooks: ${events.delivered} delivered, ${events.queued} waiting, ${events.dropped}
            dropped.
          </p>
          ${chargesTable(charges)}
        </main>
      </body>
    </html>`;
}

function totalsTable(totals: Total[]) {
  if (totals.length === 0) return html`<p class="empty">No account yet.</p>`;
  return html`<div class="scroll" role="region" aria-labelledby="totals" tabindex="0">
    <table>
      <thead>
        <tr>
          <th scope="col">Account</th>
          <th scope="col" class="number">Charges</th>
          <th scope="col" class="number">Captured</th>
          <th scope="col" class="number">Refunded</th>
        </tr>
      </thead>
      <tbody>
        ${totals.map(
          ({ merchant, currency, charges, captured, refunded }) =>
            html`<tr>
              <th scope="row">${merchant}</th>
              <td class="number">${charges}</td>
              <td class="number">${currency ? moneyText(captured, currency) : "none"}</td>
              <td class="number">${currency ? moneyText(refunded, currency) : "none"}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function chargesTable(charges: NamedCharge[]) {
  if (charges.length === 0) return html`<p class="empty">No charge yet.</p>`;
  return html`<div class="scroll" role="region" aria-labelledby="charges" tabindex="0">
    <table>
      <thead>
        <tr>
          <th scope="col">Time (UTC)</th>
          <th scope="col">Account</th>
          <th scope="col">Status</th>
          <th scope="col" class="number">Amount</th>
          <th scope="col">Card</th>
          <th scope="col">Reference</th>
        </tr>
      </thead>
      <tbody>
        ${charges.map(
          (charge) =>
            html`<tr>
              <td>${charge.createdAt.toISOString().slice(0, 19).replace("T", " ")}</td>
              <td>${charge.merchant}</td>
              <td><span class="status ${charge.status}">${statusText(charge)}</span></td>
              <td class="number">${moneyText(charge.amount, charge.currency)}</td>
              <td>${charge.brand} •••• ${charge.last4}</td>
              <td><code>${charge.reference}</code></td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function statusText({ status, declineCode }: NamedCharge): string {
  const text = declineCode && declineCode !== "declined" ? `declined: ${declineCode}` : status;
  return text.replaceAll("_", " ");
}

function faultForm(fault: Fault) {
  return html`<form method="post" action="/faults">
    <p role="status">
      ${fault.mode === "none" ? "All is well." : html`On: ${faultTexts[fault.mode]}, ${fault.remaining} more.`}
    </p>
    <label
      >What goes wrong
      <select name="mode">
        ${faultModes.map((mode) => option(mode, faultTexts[mode], mode === fault.mode))}
      </select>
    </label>
    <label
      >For
      <select name="operation">
        ${option("", "all calls that move money", fault.operation === null)}
        ${operations.map((name) => option(name, operationTexts[name], name === fault.operation))}
      </select>
    </label>
    <label>How often <input name="remaining" type="number" min="1" max="1000" value="${fault.remaining || 1}" required /></label>
    <button>Switch</button>
  </form>`;
}

function option(value: string, text: string, selected: boolean) {
  return selected
    ? html`<option value="${value}" selected>${text}</option>`
    : html`<option value="${value}">${text}</option>`;
}
