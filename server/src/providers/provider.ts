import type { CardBrand, CardFunding, DeclineReason } from "../../contract/index.ts";
import type { Money } from "../money/money.ts";

/**
 * The payment side's seam. An implementation talks to one vendor for one tenant; expected outcomes
 * are values, only programming errors throw. Anything not certainly known is `unknown`: a time-out,
 * a broken connection, a 5xx, a 409 on our own key. Unknown is never declined.
 */
export interface Provider {
  readonly id: string;
  /**
   * How often the vendor lets one charge be captured. `once`: whatever the calls' keys, the money is taken one time, and
   * `find` by the vendor's own id shows it as soon as it is. Only then may a capture be asked for under another key.
   */
  readonly captures: "once" | "several";
  /**
   * Whose books it reads and writes: an id, from the vendor, of the account that our key belongs to. Another key of
   * the same account answers the same; where a vendor keeps test and live books apart they have two ids. May be
   * remembered: a key never changes its account.
   */
  account(input: { signal: AbortSignal }): Promise<AccountResult>;
  /**
   * Tells a vendor which origins may stand around its card and challenge pages, from now on these alone. Left out where
   * the vendor does not ask, or wants it said by a person.
   */
  allowOrigins?(input: {
    origins: readonly string[];
    signal: AbortSignal;
  }): Promise<{ kind: "allowed" } | Unknown>;
  /** What a tokenised card is, asked before pricing. */
  inspect(input: { token: string; signal: AbortSignal }): Promise<InspectResult>;
  /**
   * Reserves the money. `reference` (the attempt id) is both our reference and the idempotency key:
   * the same call again answers the same, whatever happened to the first answer. With anything else in
   * it, a token it never gave out too, it is `unknown`: what was asked first may have taken money.
   */
  authorize(input: AuthorizeInput): Promise<Outcome>;
  /** Takes what was reserved. Idempotent by `key`; where the vendor captures `once`, by the charge. */
  capture(input: CaptureInput): Promise<Outcome>;
  /** Gives back captured money, whole or in part. Idempotent by `refundReference`. */
  refund(input: {
    reference: string;
    refundReference: string;
    money: Money;
    signal: AbortSignal;
  }): Promise<RefundOutcome>;
  /**
   * What the vendor knows of a charge: the oracle for every unknown. With `providerRef`, the vendor's own id of it, the
   * charge is read as it is now; without, it is looked for under our reference, which a vendor may list late.
   */
  find(input: FindInput): Promise<Outcome | { kind: "absent" }>;
  /**
   * Verifies the vendor's webhook over the raw bytes (signature, and a time stamp neither older nor
   * newer than 5 min) and says which reference has news; the news itself is always asked for with
   * `find`. `null`: not authentic, answer 401.
   */
  readWebhook(input: { body: Uint8Array; headers: Headers; now: Date }): Promise<WebhookNews | null>;
}

export interface AuthorizeInput {
  reference: string;
  token: string;
  money: Money;
  /** Shown on the payer's statement, at most 22 characters. */
  statement: string;
  /** Where the 3-D Secure page may report to: the origin that frames it. */
  returnOrigin: string | null;
  signal: AbortSignal;
}

export interface CaptureInput {
  reference: string;
  money: Money;
  /** Of `captureKeyOf`. Default: the first. */
  key?: string;
  signal: AbortSignal;
}

/** The idempotency key of an attempt's n-th way to capture; it fits the shortest a vendor takes (Adyen: 64 characters). */
export const captureKeyOf = (reference: string, number = 1): string =>
  number === 1 ? `${reference}:capture` : `${reference}:capture:${number}`;

export interface FindInput {
  reference: string;
  /** Default null: not known yet. */
  providerRef?: string | null;
  signal: AbortSignal;
}

export type AccountResult = { kind: "account"; id: string } | { kind: "unknown"; cause: string };

export type InspectResult =
  | {
      kind: "card";
      brand: CardBrand;
      funding: CardFunding;
      last4: string;
      country: string | null;
      /** The same for the same card in this account, whatever its token, and no part of its number; `null`: none is given. */
      fingerprint: string | null;
    }
  | { kind: "invalid" }
  | { kind: "unknown"; cause: string };

export type Outcome =
  | { kind: "authorized"; providerRef: string; money: Money }
  /** `money`: what was taken, less what was given back since. */
  | { kind: "captured"; providerRef: string; money: Money; capturedAt: Date }
  /** `url`: the vendor's word, whatever it is; whether it may be shown is judged by who records it. `null`: it names none. */
  | { kind: "requires_action"; providerRef: string; url: string | null }
  | { kind: "declined"; providerRef: string | null; reason: DeclineReason }
  | Unknown;

export interface Unknown {
  kind: "unknown";
  cause: string;
  /** The vendor has ended the call with an error of its own (5xx), which it may keep under the key for ever. */
  vendorError?: true;
}

export type RefundOutcome =
  | { kind: "refunded"; providerRef: string; money: Money }
  | { kind: "refused"; cause: string }
  | Unknown;

export interface WebhookNews {
  /** The vendor's event id: duplicates carry the same one. */
  eventId: string;
  reference: string;
}
