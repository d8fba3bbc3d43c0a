import type { ErpInvoice, ErpPayment, PostResult } from "../connector.ts";
import { ErpError } from "../connector.ts";
import { retryOf } from "../transport/failure.ts";
import { timeForWriting } from "../transport/timing.ts";
import type { Environment } from "./environment.ts";
import { type Earlier, findEarlier } from "./find-earlier.ts";
import { createJournal, createLine, PostingRefused, removeLine } from "./journal.ts";
import { openInvoices } from "./open-invoices.ts";

interface Posting {
  payment: ErpPayment;
  signal: AbortSignal;
}

/** Until the posting job has run, or a person has, ms. */
const blockedForMs = 60_000;

/**
 * Records the payment as a journal of its own with a line for each invoice, marked in it. Posting the journal is
 * F&O's own batch job (there is no OData action for it): `posted` here means recorded.
 *
 * A line an invoice, not one line with several settled: only so are line and mark one request, and the rows of the
 * other kind have no company context, so that they go to whatever company the application's user belongs to.
 *
 * Exactly once: what earlier tries wrote is found by the lines' reference or the journal's description, and only what
 * is missing is written; a line sent twice falls on its key.
 */
export async function postToJournal(environment: Environment, posting: Posting): Promise<PostResult> {
  const mayWrite = timeForWriting(environment.timing);
  try {
    const earlier = await findEarlier(environment, posting);
    const missing = await missingOf(environment, posting, earlier);
    if (missing.length === 0) return { kind: "posted", erpRef: earlier.batches.join(" "), already: true };
    await stillOpen(environment, { ...posting, missing });
    if (!mayWrite()) throw new ErpError("unreachable", "the look-ups took too long");
    const batch = earlier.open ?? (await createJournal(environment, posting));
    for (const index of missing) {
      if (!mayWrite()) throw new ErpError("unreachable", "time is up: the next try writes the other lines");
      await writeLine(environment, { ...posting, batch, index });
    }
    const batches = new Set([...earlier.batches, batch]);
    return { kind: "posted", erpRef: [...batches].toSorted().join(" "), already: false };
  } catch (error) {
    return error instanceof PostingRefused ? { kind: "refused", cause: error.message } : retryOf(error);
  }
}

/** Places of the lines that nobody has written yet. Lines of ours without a mark are taken back. */
async function missingOf(environment: Environment, posting: Posting, earlier: Earlier): Promise<number[]> {
  const { payment, signal } = posting;
  const all = [...payment.lines.keys()];
  const missing = all.filter((index) => !earlier.marked.has(payment.lines[index]?.invoiceNumber ?? ""));
  if (missing.length === 0) return [];
  for (const line of earlier.unmarked) {
    if (!line.posted) await removeLine(environment, { line, signal });
    else if (await anyOpen(environment, posting, missing)) throw new PostingRefused(settleByHand(line.batch));
    // A person has settled it: the money is in the ledger and the invoices are not open any more.
    else return [];
  }
  return missing;
}

const settleByHand = (batch: string) =>
  `journal ${batch} was posted with a line that settles no invoice: settle it there, then replay`;

async function anyOpen(
  environment: Environment,
  { payment, signal }: Posting,
  missing: number[],
): Promise<boolean> {
  const { invoices } = await openInvoices(environment, { customerId: payment.customerId, signal });
  return missing.some((index) => invoices.some(({ id }) => id === payment.lines[index]?.invoiceId));
}

/** F&O would take a line for an invoice paid meanwhile and leave the rest unapplied: ask before. */
async function stillOpen(
  environment: Environment,
  { payment, missing, signal }: Posting & { missing: number[] },
): Promise<void> {
  const { customerId, currency } = payment;
  const { invoices, withheld, marks } = await openInvoices(environment, { customerId, signal });
  for (const index of missing) {
    const line = payment.lines[index];
    if (!line) continue;
    const mark = marks.byInvoice.get(line.invoiceNumber);
    if (mark) throw blocked(line.invoiceNumber, mark.journals, environment.config.company);
    const unreadable = withheld.find(({ number }) => number === line.invoiceNumber);
    if (unreadable)
      throw new PostingRefused(`invoice ${line.invoiceNumber} cannot be read: ${unreadable.why}`);
    const invoice = invoices.find(({ id }) => id === line.invoiceId);
    if (!covers(invoice, { currency, amountMinor: line.amountMinor })) {
      throw new PostingRefused(`invoice ${line.invoiceNumber} is no longer open for this amount`);
    }
  }
}

const covers = (
  invoice: ErpInvoice | undefined,
  wanted: { currency: string; amountMinor: bigint },
): boolean =>
  invoice !== undefined && invoice.currency === wanted.currency && invoice.openMinor >= wanted.amountMinor;

/** Passes by itself, once that journal is posted or deleted; whoever looks sees which it is. */
const blocked = (invoice: string, journals: readonly string[], company: string) =>
  new ErpError(
    "protocol",
    `invoice ${invoice} is marked for settlement by journal ${journals.join(", ")} in company ${company}, which is not posted yet`,
    { retryAfterMs: blockedForMs },
  );

/** A refusal is believed only after one more look: it may say that the line is there already. */
async function writeLine(
  environment: Environment,
  writing: Posting & { batch: string; index: number },
): Promise<void> {
  const failure = await createLine(environment, writing);
  if (failure === null) return;
  if (!(failure instanceof PostingRefused)) throw failure;
  const earlier = await findEarlier(environment, writing);
  if (earlier.marked.has(writing.payment.lines[writing.index]?.invoiceNumber ?? "")) return;
  if (/marked for settlement by/i.test(failure.message)) {
    throw new ErpError("protocol", failure.message, { retryAfterMs: blockedForMs });
  }
  if (earlier.open !== writing.batch) {
    throw new ErpError(
      "protocol",
      `journal ${writing.batch} was posted meanwhile: the rest goes into another`,
    );
  }
  throw failure;
}
