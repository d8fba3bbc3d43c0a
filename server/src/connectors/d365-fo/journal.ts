import { ErpError, type ErpPayment } from "../connector.ts";
import { exactNumber, parseExact } from "../transport/exact-json.ts";
import { isRefusal } from "../transport/failure.ts";
import { displayValue } from "./display-value.ts";
import type { Environment } from "./environment.ts";
import type { JournalLine } from "./find-earlier.ts";
import { failureOfOData, type Row } from "./odata.ts";

/** A person must look. The message names what F&O holds already. */
export class PostingRefused extends Error {}

interface Writing {
  payment: ErpPayment;
  signal: AbortSignal;
}

/** @returns its batch number, which F&O gives; the description is how a next try finds it. @throws PostingRefused, ErpError */
export async function createJournal(
  { odata, config }: Environment,
  { payment, signal }: Writing,
): Promise<string> {
  const answer = await odata.create({
    set: "CustomerPaymentJournalHeaders",
    row: { dataAreaId: config.company, JournalName: config.journalName, Description: payment.externalId },
    signal,
  });
  if (answer.status !== 201) throw refusalOr(answer, "creating the journal");
  const batch = (parseExact(answer.text) as Row).JournalBatchNumber;
  if (typeof batch !== "string" || batch === "") {
    throw new ErpError("protocol", "the new journal has no number");
  }
  return batch;
}

/**
 * Writes the line of one invoice, its mark in the same request: the posting job never meets one without. Its number is
 * known before it exists, so that sent twice it falls on its key.
 * @returns null when it is there as it was sent; else why not. What was stored without its mark is taken back.
 * @throws ErpError
 */
export async function createLine(
  environment: Environment,
  { payment, signal, batch, index }: Writing & { batch: string; index: number },
): Promise<Error | null> {
  const { odata, config } = environment;
  const invoice = payment.lines[index];
  if (!invoice) throw new Error(`the payment has no line ${index}`);
  const lineNumber = index + 1;
  const { company, offsetAccount, offsetAccounts = [] } = config;
  const bank = offsetAccounts.find(({ currency }) => currency === payment.currency)?.account ?? offsetAccount;
  const answer = await odata.create({
    set: "CustomerPaymentJournalLines",
    row: {
      dataAreaId: company,
      JournalBatchNumber: batch,
      LineNumber: lineNumber,
      AccountType: "Cust",
      AccountDisplayValue: displayValue(payment.customerId),
      CreditAmount: exactNumber(invoice.amountMinor, payment.currency),
      CurrencyCode: payment.currency,
      TransactionDate: `${payment.capturedOn}T12:00:00Z`,
      PaymentMethodName: config.paymentMethodName,
      PaymentReference: payment.externalId,
      PaymentNotes: payment.memo,
      OffsetAccountType: "Bank",
      OffsetAccountDisplayValue: displayValue(bank),
      OffsetCompany: company,
      SettleVoucher: "SelectedTransact",
      MarkedInvoice: invoice.invoiceNumber,
      MarkedInvoiceCompany: company,
    },
    signal,
  });
  if (answer.status !== 201) return refusalOr(answer, `writing line ${lineNumber} of journal ${batch}`);
  const stored = (parseExact(answer.text) as Row).MarkedInvoice;
  if (stored === invoice.invoiceNumber) return null;
  await removeLine(environment, { line: { batch, lineNumber, posted: false }, signal });
  return new PostingRefused(
    `invoice ${invoice.invoiceNumber} could not be marked: F&O stored line ${lineNumber} of journal ${batch} without it, and the line was taken back`,
  );
}

/** Takes back a line that marks nothing: posted, it would be money without an invoice. @throws PostingRefused, ErpError */
export async function removeLine(
  { odata, config }: Environment,
  { line, signal }: { line: JournalLine; signal: AbortSignal },
): Promise<void> {
  const answer = await odata.remove({
    set: "CustomerPaymentJournalLines",
    key: {
      dataAreaId: config.company,
      JournalBatchNumber: line.batch,
      LineNumber: line.lineNumber,
    },
    signal,
  });
  if (answer.status < 300 || answer.status === 404) return;
  throw refusalOr(
    answer,
    `journal ${line.batch} holds line ${line.lineNumber} without an invoice, which could not be taken back`,
  );
}

function refusalOr(answer: Parameters<typeof failureOfOData>[0], doing: string): Error {
  const failure = failureOfOData(answer);
  return isRefusal(answer.status, failure) ? new PostingRefused(`${doing}: ${failure.message}`) : failure;
}
