import type { Payment, Session } from "@clarity/bff/contract";
import type { Api, ApiError } from "./api.ts";
import type { CardToken } from "./card.ts";
import type { Sleep } from "./patience.ts";
import type { State } from "./state.ts";
import type { Unfinished } from "./unfinished.ts";

/** What the flow needs of the world; the tests bring their own. */
export interface World {
  api: Pick<Api, "open" | "invoices" | "pay" | "payment" | "resume">;
  /** The present card frame's. @throws Error with the code `invalid` or `unreachable` as message */
  tokenize: () => Promise<CardToken>;
  unfinished: (customerId: string) => Unfinished;
  /** Whether the bank's page may be put into a frame. */
  mayShow: (url: string) => boolean;
  sleep: Sleep;
  /** Resolves once the page is in sight: what nobody sees asks for nothing. */
  seen: () => Promise<void>;
  /** This page's clock, ms. */
  now: () => number;
  /** From 0 up to 1: forms that were opened together do not ask together. */
  random: () => number;
  newId: () => string;
  /** Language tag for numbers and dates, once the session's language is known. */
  localeFor: (session: Session) => string;
  /** After every change of state, with the state there was. */
  changed: (before: State) => void;
  /** The outcome of a payment, once for each. */
  settled: (payment: Payment) => void;
  failed: (error: ApiError) => void;
}
