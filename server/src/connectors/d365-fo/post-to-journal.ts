import type { ErpPayment, PostResult } from "../connector.ts";
import { ErpError } from "../connector.ts";
import { exactNumber, parseExact } from "../transport/exact-json.ts";
import { isRefusal, retryOf } from "../transport/failure.ts";
import { displayValue } from "./display-value.ts";
import type { Environment } from "./environment.ts";
import { findEarlier } from "./find-earlier.ts";
import { failureOfOData } from "./odata.ts";
import { type Booked, openInvoices } from "./open-invoices.ts";
import { PostingRefused, settleInvoices } from "./settle-invoices.ts";

/** One journal a payment, one line a journal: with it the line's key is known before it exists. */
const lineNumber = 1;

interface Posting {
  payment: ErpPayment;
  signal: AbortSignal;
}

/**
 * Records the payment as a journal of its own with one line and its invoices marked. Posting the
 * journal is F&O's own batch job (there is no OData action for it): `posted` here means recorded.
 *
 * Exactly once: an earlier try is found by the line's reference or the journal's description, an own
 * journal without a line is used again, and a line sent twice falls on its key.
 */
export async function postToJournal(environment: Environment, posting: Posting): Promise<PostResult> {
  try {
    const earlier = await findEarlier(environment, posting);
    if (earlier.line) {
      await settleInvoices(environment, { ...posting, line: earlier.line });
      return { kind: "posted", erpRef: earlier.line.batch, already: true };
    }
    refuseUnlessOpen(
      posting.payment,
      await openInvoices(environment, { ...posting, customerId: posting.payment.customerId }),
    );
    const batch = earlier.emptyJournal ?? (await createJournal(environment, posting));
    await createLine(environment, { ...posting, batch });
    await settleInvoices(environment, { ...posting, line: { batch, lineNumber: String(lineNumber) } });
    return { kind: "posted", erpRef: batch, already: false };
  } catch (error) {
    return error instanceof PostingRefused ? { kind: "refused", cause: error.message } : retryOf(error);
  }
}

/** F&O would take a line for an invoice paid meanwhile and leave the rest unapplied: ask before. */
function refuseUnlessOpen(payment: ErpPayment, { invoices, withheld }: Booked): void {
  for (const line of payment.lines) {
    const unread = withheld.find(({ number }) => number === line.invoiceNumber);
    if (unread) throw new PostingRefused(`invoice ${line.invoiceNumber} cannot be read: ${unread.why}`);
    const invoice = invoices.find(({ id }) => id === line.invoiceId);
    if (!invoice || invoice.currency !== payment.currency || invoice.openMinor < line.amountMinor) {
      throw new PostingRefused(`invoice ${line.invoiceNumber} is no longer open for this amount`);
    }
  }
}

async function createJournal({ odata, config }: Environment, { payment, signal }: Posting): Promise<string> {
  const answer = await odata.create({
    set: "CustomerPaymentJournalHeaders",
    // F&O numbers it; the description is how a next try finds it.
    row: { dataAreaId: config.company, JournalName: config.journalName, Description: payment.externalId },
    signal,
  });
  if (answer.status !== 201) throw refusalOr(answer, "creating the journal");
  const batch = (parseExact(answer.text) as Record<string, unknown>).JournalBatchNumber;
  if (typeof batch !== "string" || batch === "")
    throw new ErpError("protocol", "the new journal has no number");
  return batch;
}

/**
 * Writes the line. When its answer is lost or the key is taken, looks at once whether it is there: a
 * journal whose marks are missing must not meet the posting job.
 */
async function createLine(environment: Environment, posting: Posting & { batch: string }): Promise<void> {
  const failure = await sendLine(environment, posting).catch((error: Error) => error);
  if (failure === null) return;
  if (!(await findEarlier(environment, posting)).line) throw failure;
}

async function sendLine(
  { odata, config }: Environment,
  { payment, batch, signal }: Posting & { batch: string },
): Promise<Error | null> {
  const [only] = payment.lines.length === 1 ? payment.lines : [];
  const answer = await odata.create({
    set: "CustomerPaymentJournalLines",
    row: {
      dataAreaId: config.company,
      JournalBatchNumber: batch,
      LineNumber: lineNumber,
      AccountType: "Cust",
      AccountDisplayValue: displayValue(payment.customerId),
      CreditAmount: exactNumber(payment.amountMinor, payment.currency),
      CurrencyCode: payment.currency,
      TransactionDate: `${payment.capturedOn}T12:00:00Z`,
      PaymentMethodName: config.paymentMethodName,
      PaymentReference: payment.externalId,
      PaymentNotes: payment.memo,
      OffsetAccountType: "Bank",
      OffsetAccountDisplayValue: displayValue(config.offsetAccount),
      SettleVoucher: "SelectedTransact",
      ...(only ? { MarkedInvoice: only.invoiceNumber, MarkedInvoiceCompany: config.company } : {}),
    },
    signal,
  });
  return answer.status === 201 ? null : refusalOr(answer, `writing the line of journal ${batch}`);
}

function refusalOr(answer: Parameters<typeof failureOfOData>[0], doing: string): Error {
  const failure = failureOfOData(answer);
  return isRefusal(answer.status, failure) ? new PostingRefused(`${doing}: ${failure.message}`) : failure;
}
