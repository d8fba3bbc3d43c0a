/**
 * Messages between the form and the one card frame. The frame lives on the provider's origin and
 * never sends a digit out; the form lives on the host page and never sees one.
 *
 * Handshake: the frame, once loaded, posts `{type:"card-ready"}` to `document.referrer`'s or
 * `ancestorOrigins[0]`'s origin. The form checks origin **and** source, then hands over a
 * MessagePort with `{type:"card-connect", …}` addressed to the frame's exact origin; the frame takes
 * it from its parent's origin only. Everything after travels on the port, and the frame listens to no window message any more. A page that moves
 * the form loads the frame anew: that says `card-ready` again and gets a port of its own.
 */
export interface CardConnect extends CardWords {
  type: "card-connect";
  /** `--pay-*` values, already resolved; the frame has no access to the host's style. */
  theme: Record<string, string>;
  dark: boolean;
  labels: "above" | "floating";
  /** `condensed`: one joined group; its labels always stand inside, there is no room above. */
  fields: "spaced" | "condensed";
  /** The server's time, ms since 1970: a device's clock does not say which cards have expired. Absent: an earlier form. */
  nowMs?: number;
}

export interface CardWords {
  locale: string;
  dir: "ltr" | "rtl";
  /** The frame's own words: labels, placeholders, inline errors. */
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

/** Form → frame, on the port. */
export type ToFrame =
  | { type: "theme"; theme: Record<string, string>; dark: boolean }
  /** The payer's language changed; a frame of an earlier release stays in the one it has. */
  | ({ type: "words" } & CardWords)
  | { type: "tokenize"; id: number }
  | { type: "focus"; field: "number" | "expiry" | "cvc" | "first-invalid" }
  | { type: "lock"; locked: boolean };

/** Frame → form, on the port. */
export type FromFrame =
  | { type: "connected" }
  /** Height of the content in CSS px; the form sets the frame to it. */
  | { type: "resize"; height: number }
  | {
      type: "state";
      complete: boolean;
      /** Detected while typing; funding is known from 8 digits on, by the provider's BIN table. */
      brand: "visa" | "mastercard" | "amex" | "discover" | "unknown";
      funding: "credit" | "debit" | "prepaid" | "unknown";
      /** Names of the fields that show an error. */
      invalid: ("number" | "expiry" | "cvc")[];
    }
  | { type: "token"; id: number; token: string; brand: string; funding: string; last4: string }
  | { type: "token-error"; id: number; code: "invalid" | "unreachable" }
  /** Tab left the frame at its start or end: the form moves focus on. Browsers do this natively; kept for none. */
  | { type: "submit" };

/** The challenge page (3-D Secure) in its own frame, to the form: same check of origin and source. */
export interface ChallengeDone {
  type: "challenge-done";
}
