/**
 * What the payment form and a frame with the payer's fields say to each other. The form stands on the host's page and
 * never sees a digit; the frame stands on a second origin, one page for each vendor, with the vendor's own fields in it.
 * README.md beside this file says it for those who write such a page; `frame-side.ts` is the frame's half of it.
 *
 * Names on the wire are the first release's for ever: pages stay pinned to the forms they were given.
 */

/** What this release speaks. A frame that says nothing speaks 1. */
export const versions: readonly number[] = [1, 2];

/** Frame → its parent window, once, when its script runs. */
export interface FrameHello {
  type: "card-ready";
  /** Absent: [1]. */
  versions?: readonly number[];
}

/** Form → frame window, addressed to the frame's exact origin, with a port for everything after. */
export interface FrameConnect extends FrameWords, FrameLooks {
  type: "card-connect";
  /** The highest that both speak. Absent: 1. */
  version?: number;
  /** The server's time, ms since 1970: a device's clock does not say which cards have expired. Since 2. */
  nowMs?: number;
  /** Of the frame in CSS px; 0 while it is not shown. Since 2. */
  width?: number;
  /** Since 2. */
  purchase?: Purchase | null;
}

export interface FrameLooks {
  /** `--pay-*` values, already resolved; the frame has no access to the host's style. */
  theme: Record<string, string>;
  dark: boolean;
  labels: "above" | "floating";
  /** `condensed`: one joined group; its labels always stand inside, there is no room above. */
  fields: "spaced" | "condensed";
}

export interface FrameWords {
  /** BCP 47; a vendor's fields speak it by themselves. */
  locale: string;
  dir: "ltr" | "rtl";
  /** Words for fields that are ours: labels, inline errors. */
  messages: CardMessages;
}

export interface CardMessages {
  number: string;
  expiry: string;
  cvc: string;
  cvcHint: string;
  invalidNumber: string;
  invalidExpiry: string;
  expiredCard: string;
  invalidCvc: string;
  group: string;
}

/** What would be paid now, surcharge included: some vendors' fields want to know. */
export interface Purchase {
  /** ISO 4217. */
  currency: string;
  /** Minor units as digits. */
  totalMinor: string;
}

/** Form → frame, on the port. What a frame does not know it passes over. */
export type ToFrame =
  /** `labels` and `fields` since 2. */
  | ({ type: "theme" } & Pick<FrameLooks, "theme" | "dark"> & Partial<FrameLooks>)
  /** The payer's language changed. */
  | ({ type: "words" } & FrameWords)
  /** Of the frame in CSS px, after every change: a browser tells a frame that is out of sight nothing of it. Since 2. */
  | { type: "width"; width: number }
  /** Null: nothing is chosen. Since 2. */
  | { type: "purchase"; purchase: Purchase | null }
  /** Answered by one `token` or `token-error` of that id, whether or not the frame has said that it is complete. */
  | { type: "tokenize"; id: number }
  /** `first-invalid`: what is wrong is shown, and the first of it, or the first field, takes the keyboard. */
  | { type: "focus"; field: string }
  /** While a payment is under way nothing can be typed. */
  | { type: "lock"; locked: boolean };

/** Frame → form, on the port. What a form does not know it passes over. */
export type FromFrame =
  /** The fields are there, and take keys. The height has been told before. */
  | { type: "connected" }
  /** Height of the content in CSS px; the form sets the frame to it. */
  | { type: "resize"; height: number }
  | {
      type: "state";
      /** A hint: what a password manager fills in may be seen by nobody until it is asked for. */
      complete: boolean;
      /** `visa`, `mastercard`, `amex`, `discover`, else `unknown`: also for what is no card. */
      brand: string;
      /** `credit`, `debit`, `prepaid` or `unknown`. */
      funding: string;
      /** Names of the fields that show an error. */
      invalid: string[];
    }
  /** `token`: opaque, for the server alone. `last4`: of a card or an account; empty: not known. */
  | { type: "token"; id: number; token: string; brand: string; funding: string; last4: string }
  /** The payer is at it, in a window of the vendor's: the form waits as long again. Since 2. */
  | { type: "token-wait"; id: number }
  /** `invalid`: the frame shows why. `cancelled` (since 2): by the payer, nobody is told of an error. */
  | { type: "token-error"; id: number; code: "invalid" | "unreachable" | "cancelled" }
  /** Enter in a field: the form's main button. */
  | { type: "submit" };

/** The challenge page (3-D Secure) in its own frame, to the form: same check of origin and source. */
export interface ChallengeDone {
  type: "challenge-done";
}
