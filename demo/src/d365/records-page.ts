import type { Context } from "hono";
import { html } from "hono/html";
import { forPeople } from "../shared/decimal.ts";
import { hostPage } from "../shared/host-page.ts";
import { recordsCss } from "../shared/records-page.css.ts";
import type { OracleCustomer, OracleInvoice, OracleLine } from "./oracle.ts";

export interface RecordsPage {
  customers: OracleCustomer[];
  invoices: OracleInvoice[];
  lines: OracleLine[];
  tourUrl: string;
}

/** What the accountant sees: payment journals with what they settled, and what is still open. */
export function recordsPage(c: Context, { customers, invoices, lines, tourUrl }: RecordsPage) {
  return hostPage(c, {
    title: "Fieldstone 365 - receivables",
    css: recordsCss,
    body: html`<body>
<header><strong>Fieldstone 365</strong> <span>Accounts receivable</span> <a href="${tourUrl}">Back to the tour</a></header>
<main>
<h1>Payment journals</h1>
${
  lines.length === 0
    ? html`<p class="none">No payment has been entered yet.</p>`
    : html`<div class="scroll" tabindex="0" role="region" aria-label="Payment journals"><table><thead><tr><th>Journal</th><th>Account</th><th>Date</th><th>Marked</th><th class="n">Credit</th><th>Reference</th><th>Notes</th><th>State</th></tr></thead><tbody>
${lines.map(
  (line) => html`<tr><td>${line.batch} / ${line.line}</td><td>${line.customerId}</td><td>${line.date}</td>
<td>${line.marked.map((mark) => html`${mark.invoiceNumber}: ${forPeople(mark.amount, line.currency)}<br>`)}</td>
<td class="n">${forPeople(line.amount, line.currency)}</td><td class="code">${line.reference} ${line.paymentId}</td><td class="notes">${line.notes}</td><td>${line.posted ? "Posted" : "Waits for the batch job"}</td></tr>`,
)}</tbody></table></div>`
}
<h1>Invoices</h1>
${customers.map((customer) => {
  const own = invoices.filter(
    ({ company, customerId }) => company === customer.company && customerId === customer.id,
  );
  const link = `/main.aspx?pagetype=entityrecord&etn=account&id=%7b${customer.guid}%7d`;
  return html`<section><h2>${customer.company === "usmf" ? html`<a href="${link}">${customer.name}</a>` : customer.name} <small>${customer.company} · ${customer.id}</small></h2>
${
  own.length === 0
    ? html`<p class="none">No invoices.</p>`
    : html`<div class="scroll" tabindex="0" role="region" aria-label="Invoices of ${customer.name}"><table><thead><tr><th>Number</th><th>Date</th><th>Due</th><th class="n">Total</th><th class="n">Open</th></tr></thead><tbody>
${own.map(
  (
    invoice,
  ) => html`<tr class="${Number(invoice.open) === 0 ? "closed" : ""}"><td>${invoice.number}</td><td>${invoice.issuedOn}</td><td>${invoice.dueOn}</td>
<td class="n">${forPeople(invoice.total, invoice.currency)}</td><td class="n">${Number(invoice.open) === 0 ? "Settled" : forPeople(invoice.open, invoice.currency)}</td></tr>`,
)}</tbody></table></div>`
}</section>`;
})}
</main></body>`,
  });
}
