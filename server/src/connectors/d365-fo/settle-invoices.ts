import type { ErpPayment } from "../connector.ts";
import { exactNumber } from "../transport/exact-json.ts";
import { isRefusal } from "../transport/failure.ts";
import type { Environment } from "./environment.ts";
import type { JournalLine } from "./find-earlier.ts";
import { failureOfOData, quoted } from "./odata.ts";
import { bookedInvoices } from "./open-invoices.ts";

/** F&O takes no such posting: a person must look. The message names what F&O holds already. */
export class PostingRefused extends Error {}

interface Settling {
  payment: ErpPayment;
  line: JournalLine;
  signal: AbortSignal;
}

/**
 * Marks the invoices of a payment for several; one alone is marked in the line itself. Marks that
 * are there already, from a try that broke off, stay.
 * @throws PostingRefused, ErpError
 */
export async function settleInvoices(environment: Environment, input: Settling): Promise<void> {
  const { payment, line, signal } = input;
  if (payment.lines.length === 1) return;
  const marked = await markedInvoices(environment, input);
  const missing = payment.lines.filter(({ invoiceNumber }) => !marked.has(invoiceNumber));
  if (missing.length === 0) return;

  const { invoices: booked, withheld } = await bookedInvoices(environment, {
    customerId: payment.customerId,
    signal,
  });
  for (const { invoiceId, invoiceNumber, amountMinor } of missing) {
    const due = booked.find(({ id }) => id === invoiceId)?.dueOn;
    const unread = withheld.find(({ number }) => number === invoiceNumber);
    if (!due) throw unmarked(line, invoiceNumber, unread?.why ?? "it is not open any more");
    const answer = await environment.odata.create({
      set: "PaymentJournalLineSettledInvoices",
      row: {
        JournalLineCompany: environment.config.company,
        JournalBatchNumber: line.batch,
        JournalLineNumber: Number(line.lineNumber),
        InvoiceNumber: invoiceNumber,
        InvoiceCompany: environment.config.company,
        InvoiceDueDate: `${due}T12:00:00Z`,
        SettlementAmountInInvoiceCurrency: exactNumber(amountMinor, payment.currency),
      },
      signal,
    });
    if (answer.status === 201) continue;
    const failure = failureOfOData(answer);
    if (!isRefusal(answer.status, failure)) throw failure;
    if (!(await markedInvoices(environment, input)).has(invoiceNumber)) {
      throw unmarked(line, invoiceNumber, failure.message);
    }
  }
}

async function markedInvoices(
  { odata, config }: Environment,
  { line, signal }: Settling,
): Promise<Set<string>> {
  const rows = await odata.list({
    set: "PaymentJournalLineSettledInvoices",
    filter:
      `JournalLineCompany eq ${quoted(config.company)} and JournalBatchNumber eq ${quoted(line.batch)} ` +
      `and JournalLineNumber eq ${line.lineNumber}`,
    select: ["InvoiceNumber"],
    signal,
  });
  return new Set(rows.map((row) => String(row.InvoiceNumber)));
}

const unmarked = (line: JournalLine, invoiceNumber: string, why: string) =>
  new PostingRefused(
    `journal ${line.batch} holds the payment, but invoice ${invoiceNumber} could not be marked: ${why}`,
  );
