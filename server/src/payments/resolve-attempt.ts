import type { Context } from "../context/context.ts";
import type { Outcome, Provider } from "../providers/provider.ts";
import { answerWithinMs, askProvider, deadlineIn } from "./ask-provider.ts";
import type { Attempt } from "./attempt.ts";
import { providerOf } from "./attempt-provider.ts";
import { authorize, capture } from "./pipeline.ts";
import { nextCaptureKey } from "./statements/capture-key.ts";
import { leaseAttempt } from "./statements/lease-attempt.ts";
import type { PaymentRow } from "./statements/payment-row.ts";
import { recordOutcome } from "./statements/record-outcome.ts";
import { type AttemptOutcome, closedUnpaidStates } from "./states.ts";

/** A provider may not list a charge right after it was sent; while this young, "absent" proves nothing. */
const youngForS = 15 * 60;
/** Answers in a row that make "absent" believed: one may be a lagging replica, or a gap after an outage. */
const absencesToBelieve = 3;
/** Errors of the vendor's under one capture key, and seconds since the first, after which they are believed to stay. */
const errorsToBelieve = 2;
const errorForS = 15;
/** A payer who left the bank's page is not coming back. */
const challengeForS = 30 * 60;

type Found = Outcome | { kind: "absent" };
type Move = "record" | "capture" | "send_again" | "give_up" | "abandon" | "wait" | "ignore";

/**
 * Finds out what became of an attempt and finishes it: the worker's job, the payer's return, late
 * news, a read of a payment nobody works on. Safe to call at any time, any number of times: the lease
 * lets one caller through, and `recordOutcome` is idempotent.
 *
 * @returns `busy`: another holds the lease, or it is settled: nothing was done.
 */
export async function resolveAttempt({
  ctx,
  input,
}: {
  ctx: Context;
  input: { attemptId: string };
}): Promise<{ kind: "resolved"; payment: PaymentRow } | { kind: "busy" }> {
  const deadline = deadlineIn(answerWithinMs);
  const attempt = await leaseAttempt({ ctx, input });
  if (!attempt) return { kind: "busy" };
  const record = (outcome: AttemptOutcome) => recordOutcome({ ctx, input: { attempt, outcome } });
  const resolved = (payment: PaymentRow) => ({ kind: "resolved" as const, payment });

  const whose = await providerOf({ ctx, input: { attempt, deadline } });
  if (whose.kind !== "ours") return resolved(await record({ kind: "unknown", cause: whose.cause }));
  const { provider } = whose;
  const { id: reference, providerRef } = attempt;
  const found: Found = await askProvider(deadline, (signal) =>
    provider.find({ reference, providerRef, signal }),
  );
  const call = { attempt, provider, deadline };
  switch (nextMove(attempt, found)) {
    case "capture": {
      const authorized = found as Extract<Outcome, { kind: "authorized" }>;
      if (!mayChangeKey({ attempt, provider, authorized })) {
        return resolved(await capture({ ctx, input: { ...call, authorized } }));
      }
      const next = await nextCaptureKey({ ctx, input: { attempt } });
      if (!next) return { kind: "busy" };
      return resolved(await capture({ ctx, input: { ...call, attempt: next, authorized } }));
    }
    case "send_again": {
      const authorized = await authorize({ ctx, input: call });
      return resolved(await capture({ ctx, input: { ...call, authorized } }));
    }
    case "give_up":
      return resolved(await record({ kind: "never_reached", cause: "the provider never got it" }));
    case "abandon":
      return resolved(await record({ kind: "declined", providerRef: null, reason: "abandoned" }));
    case "wait":
      return resolved(await record({ kind: "absent", cause: "the provider does not list it" }));
    case "ignore":
      return resolved(await record({ kind: "still_ended", cause: `ended; the provider says ${found.kind}` }));
    case "record":
      return resolved(await record(found as Outcome));
  }
}

/**
 * Whether a capture may be asked for under the next key. All of it must hold: the vendor takes a charge once and no more,
 * whatever the keys; it has ended the calls under this key with errors of its own, again after a pause, so that none is
 * under way; and the charge, read now by the vendor's own id, has not moved.
 */
function mayChangeKey(input: {
  attempt: Attempt;
  provider: Provider;
  authorized: Extract<Outcome, { kind: "authorized" }>;
}): boolean {
  const { attempt, provider, authorized } = input;
  const { captureErrors: errors, providerRef } = attempt;
  const stored = errors !== null && errors.count >= errorsToBelieve && errors.sinceS >= errorForS;
  const unmoved = providerRef !== null && authorized.providerRef === providerRef;
  return stored && unmoved && provider.captures === "once";
}

/** What to do about an attempt, given what the provider says of it. Pure. */
export function nextMove(attempt: Pick<Attempt, "state" | "ageS" | "absences">, found: Found): Move {
  if (closedUnpaidStates.includes(attempt.state)) {
    // Late news is good once: it stays due until the provider has said what it is. Money given back whole is not there.
    const taken = found.kind === "captured" && found.money.amountMinor > 0n;
    return taken || found.kind === "unknown" ? "record" : "ignore";
  }
  switch (found.kind) {
    case "authorized":
      return "capture";
    case "requires_action":
      return attempt.ageS > challengeForS ? "abandon" : "record";
    case "absent":
      // What the provider once knew cannot be unsent.
      if (attempt.state !== "pending") return "wait";
      // The lease is ours and no call outlives a lease: nothing of it is in flight any more.
      if (attempt.ageS <= youngForS) return "send_again";
      return attempt.absences + 1 < absencesToBelieve ? "wait" : "give_up";
    default:
      return "record";
  }
}
