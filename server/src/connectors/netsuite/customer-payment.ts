import { ErpError, type ErpPayment, type PostResult } from "../connector.ts";
import type { ErpAnswer } from "../transport/exchange.ts";
import { isRefusal, retryOf } from "../transport/failure.ts";
import { timeForWriting } from "../transport/timing.ts";
import type { Account } from "./account.ts";
import { failureOfNetsuite, namesUnknownField } from "./errors.ts";
import { findPosted } from "./find-posted.ts";
import { readFields, recordPath } from "./metadata.ts";
import { type Booking, bookingOf, toRecord } from "./payment-record.ts";
import { judgeApplied } from "./read-back.ts";

interface Posting {
  payment: ErpPayment;
  signal: AbortSignal;
}

/**
 * Looks for the external id, then writes under it. The look-up keeps an earlier try's record from being written a
 * second time; that NetSuite refuses a known external id is the guard against a try that is still on its way. A
 * refusal is believed only after one more look: in whatever words, it may say that the first one landed.
 */
export async function postCustomerPayment(account: Account, posting: Posting): Promise<PostResult> {
  const mayWrite = timeForWriting(account.timing);
  try {
    const earlier = await findPosted(account, posting);
    if (earlier) return await judgeApplied(account, { ...posting, id: earlier, already: true });
    for (;;) {
      const booking = await bookingOf(account, posting);
      if (booking.kind === "refused") return booking;
      if (!mayWrite()) return { kind: "retry", cause: "the look-ups took too long", retryAfterMs: null };
      const result = await write(account, { ...posting, booking });
      if (result.kind !== "learnt") return result;
    }
  } catch (error) {
    return retryOf(error);
  }
}

/** @returns `learnt`: the account lacks a field, and without it the same may be written */
async function write(
  account: Account,
  posting: Posting & { booking: Booking },
): Promise<PostResult | { kind: "learnt" }> {
  const answer = await send(account, posting);
  if (answer.status < 300) {
    const located = /\/customerPayment\/(\d+)$/i.exec(answer.headers.get("location") ?? "")?.[1];
    const id = located ?? (await findPosted(account, posting));
    if (!id) throw new ErpError("protocol", "NetSuite said yes, but the payment cannot be found");
    return judgeApplied(account, { ...posting, id, already: false });
  }
  const failure = failureOfNetsuite(answer);
  if (!isRefusal(answer.status, failure)) return retryOf(failure);
  const landed = await findPosted(account, posting);
  if (landed) return judgeApplied(account, { ...posting, id: landed, already: true });
  // It exists and cannot be seen yet: not for a person, for later.
  if (/already exists/i.test(failure.message)) return retryOf(failure);
  const learnt = await learnFields(account, { answer, signal: posting.signal });
  return learnt ? { kind: "learnt" } : { kind: "refused", cause: failure.message };
}

function send(account: Account, { payment, booking, signal }: Posting & { booking: Booking }) {
  return account.client.send({
    method: "PUT",
    url: new URL(`${recordPath}/eid:${encodeURIComponent(payment.externalId)}`, account.config.baseUrl),
    headers: { "content-type": "application/json", "x-netsuite-propertynamevalidation": "Error" },
    body: JSON.stringify(toRecord(account, { payment, booking })),
    writes: true,
    signal,
  });
}

/**
 * A field that this account's record does not have is left out from now on; only where its own schema says so, for
 * without `handlingMode` an account that does have it may charge a stored card.
 * @returns whether something was learnt
 */
async function learnFields(
  account: Account,
  { answer, signal }: { answer: ErpAnswer; signal: AbortSignal },
): Promise<boolean> {
  if (!namesUnknownField(answer)) return false;
  const fields = await readFields(account, signal);
  const optional = ["currency", "subsidiary", "handlingMode"] as const;
  const missing = optional.filter((name) => account.features.has(name) && !fields.has(name));
  for (const name of missing) account.features.lacks(name);
  return missing.length > 0;
}
