import type { Context } from "hono";
import { html } from "hono/html";
import { forPeople } from "../shared/decimal.ts";
import { hostPage } from "../shared/host-page.ts";
import { recordsCss } from "../shared/records-page.css.ts";
import type { OracleInvoice, OraclePayment } from "./oracle.ts";

export interface LedgerPage {
  customers: { id: string; name: string }[];
  invoices: OracleInvoice[];
  payments: OraclePayment[];
  tourUrl: string;
}

/** What the accountant sees: payments posted here, and what is still open. */
export function ledgerPage(c: Context, { customers, invoices, payments, tourUrl }: LedgerPage) {
  const nameOf = (id: string) => customers.find((customer) => customer.id === id)?.name ?? id;
  return hostPage(c, {
    title: "Ledgerline - transactions",
    css: recordsCss,
    body: html`<body>
<header><strong>Ledgerline</strong> <span>Transactions</span> <a href="${tourUrl}">Back to the tour</a></header>
<main>
<h1>Customer payments</h1>
${
  payments.length === 0
    ? html`<p class="none">No payment has been posted yet.</p>`
    : html`<div class="scroll" tabindex="0" role="region" aria-label="Customer payments"><table><thead><tr><th>Number</th><th>Customer</th><th>Date</th><th>Applied to</th><th class="n">Amount</th><th>External id</th><th>Memo</th></tr></thead><tbody>
${payments.map(
  (
    payment,
  ) => html`<tr><td>${payment.number}</td><td>${nameOf(payment.customerId)}</td><td>${payment.date}</td>
<td>${payment.applied.map((line) => html`${line.invoiceNumber}: ${forPeople(line.amount, payment.currency)}<br>`)}</td>
<td class="n">${forPeople(payment.amount, payment.currency)}</td><td class="code">${payment.externalId ?? ""}</td><td class="notes">${payment.memo ?? ""}</td></tr>`,
)}</tbody></table></div>`
}
<h1>Invoices</h1>
${customers.map((customer) => {
  const own = invoices.filter(({ customerId }) => customerId === customer.id);
  return html`<section><h2><a href="/app/center/card.nl?customer=${customer.id}">${customer.name}</a> <small>CUST-${customer.id}</small></h2>
${
  own.length === 0
    ? html`<p class="none">No invoices.</p>`
    : html`<div class="scroll" tabindex="0" role="region" aria-label="Invoices of ${customer.name}"><table><thead><tr><th>Number</th><th>Date</th><th>Due</th><th class="n">Total</th><th class="n">Open</th></tr></thead><tbody>
${own.map(
  (
    invoice,
  ) => html`<tr class="${Number(invoice.open) === 0 ? "closed" : ""}"><td>${invoice.number}</td><td>${invoice.issuedOn}</td><td>${invoice.dueOn}</td>
<td class="n">${forPeople(invoice.total, invoice.currency)}</td><td class="n">${Number(invoice.open) === 0 ? "Paid in full" : forPeople(invoice.open, invoice.currency)}</td></tr>`,
)}</tbody></table></div>`
}</section>`;
})}
</main></body>`,
  });
}
