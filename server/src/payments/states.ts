import type { Outcome } from "../providers/provider.ts";

/** States of `pay.payments` and `pay.attempts`. What each means is in server/README.md. */
export const storedStates = [
  "pending",
  "requires_action",
  "authorized",
  "captured",
  "declined",
  "failed",
  "conflicted",
] as const;
export type StoredState = (typeof storedStates)[number];

/** Not settled yet: the invoices are held, and somebody keeps asking the provider. */
export const openPaymentStates: readonly StoredState[] = ["pending", "requires_action", "authorized"];

/** Ended without money; the hold is given back. Money that shows up later is a conflict. */
export const closedUnpaidStates: readonly StoredState[] = ["declined", "failed"];

/** `reason` of a payment that a person closed, or decided to be unpaid: no words of the bank's. */
export const closedByHand = "closed_by_hand";
export const decidedUnpaid = "decided_unpaid";

/**
 * The states a payment may be in when news moves it on. News that does not fit is old news and
 * changes nothing, so that duplicates and any order are harmless. `captured` reaching a payment that
 * ended unpaid makes it `conflicted`: its hold is gone, a person decides.
 */
export const entering: Record<Exclude<StoredState, "pending">, readonly StoredState[]> = {
  requires_action: ["pending"],
  authorized: ["pending", "requires_action"],
  captured: [...openPaymentStates, ...closedUnpaidStates],
  declined: openPaymentStates,
  failed: ["pending"],
  conflicted: [...openPaymentStates, ...closedUnpaidStates],
};

/** What became of an attempt: the provider's word, or ours that the provider never got it. */
export type AttemptOutcome =
  | Outcome
  /** Authorised still; the capture was asked for, and what became of it is not known. */
  | (Extract<Outcome, { kind: "authorized" }> & { cause: string })
  /** The provider does not list it, which is not yet believed. */
  | { kind: "absent"; cause: string }
  /** The bank wants the payer, and names no page that may be shown. */
  | { kind: "unshowable"; cause: string }
  /** It has ended without money, and what the provider says is no reason to ask again. */
  | { kind: "still_ended"; cause: string }
  | { kind: "never_reached"; cause: string };

/**
 * The state an outcome leads to; `null`: nothing is known yet, nothing changes.
 * Another amount or currency than ours is for a person: never capture it, never post it.
 */
export function targetOf(
  outcome: AttemptOutcome,
  expected: { amountMinor: bigint; currency: string },
): Exclude<StoredState, "pending"> | null {
  switch (outcome.kind) {
    case "unknown":
    case "absent":
    case "unshowable":
    case "still_ended":
      return null;
    case "never_reached":
      return "failed";
    case "declined":
    case "requires_action":
      return outcome.kind;
    case "authorized":
    case "captured": {
      const { money } = outcome;
      const same = money.amountMinor === expected.amountMinor && money.currency === expected.currency;
      return same ? outcome.kind : "conflicted";
    }
  }
}

const backoffS = [2, 5, 15, 60, 300, 900, 3_600];

/** Seconds until the provider is asked again, after `checks` fruitless checks. It never stops asking. */
export function nextCheckInS(state: StoredState, checks: number): number {
  // The payer is busy with the bank's page; the form reports when it is done.
  if (state === "requires_action") return 60;
  return backoffS[Math.min(checks, backoffS.length - 1)] ?? 3_600;
}
