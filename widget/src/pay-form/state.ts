import type { Freshness, Invoice, Payment, Problem, Session } from "@clarity/bff/contract";
import type { Code, MessageKey } from "../locales/en.ts";
import type { Ending } from "./keeper.ts";

/** What the payer sees. Only `flow.ts` moves between these. */
export type Phase =
  | { name: "loading" }
  /** No session, or it has ended. `retry`: trying again here may help. */
  | {
      name: "blocked";
      code: Code;
      requestId: string | undefined;
      retry: boolean;
      /** Whom the payer can ask; undefined: their name may not be known. */
      seller: string | undefined;
    }
  | { name: "choosing" }
  | { name: "paying"; words: "card" | "sending" | "retrying" | "confirming" }
  /** No answer for long. `known`: the server has the payment, so leaving it is safe. `code`: what stands between. */
  | { name: "unclear"; known: boolean; code: Code | undefined }
  | { name: "challenge"; url: string }
  | { name: "receipt"; payment: Payment };

export interface Notice {
  tone: "danger" | "info";
  key: MessageKey;
  params?: Record<string, string>;
  requestId?: string | undefined;
  /** What is to be said in the same breath. */
  and?: Notice | undefined;
}

/** How well the list on screen is known. */
export interface ListKnown {
  /** `loading`: not at all yet, and an empty list does not say that nothing is owed. */
  state: Freshness["state"];
  /** When the ERP was last read for this customer, by this page's clock, ms; null: never. */
  readAtMs: number | null;
  /** When another look is worth it, ms; null: no need. */
  askAgainInMs: number | null;
}

export interface Card {
  status: "loading" | "ready" | "failed";
  complete: boolean;
  brand: string;
  funding: string;
}

/** Where the keyboard goes after the next paint. */
export type Focus = "heading" | "notice" | "list" | "card" | { amountOf: string };

export interface State {
  phase: Phase;
  session: Session | null;
  invoices: readonly Invoice[];
  list: ListKnown;
  /** Invoice id → the amount as typed. */
  chosen: ReadonlyMap<string, string>;
  card: Card;
  /** The server's own price for the present choice (`amount_changed`); gone with the next change. */
  quote: Problem["quote"] | null;
  notice: Notice | null;
  /** A payment that was left unfinished and can be gone back to. */
  waiting: Payment | null;
  /** Under way too, but not begun in this tab: nothing more of them is asked for unless the payer wants to. */
  elsewhere: readonly Payment[];
  /** The session ends soon. */
  ending: Ending;
  /** Errors of fields are shown from the first press on Pay. */
  checked: boolean;
  focus: Focus | null;
}

export const emptyCard: Card = { status: "loading", complete: false, brand: "unknown", funding: "unknown" };

export const unknownList: ListKnown = { state: "loading", readAtMs: null, askAgainInMs: null };

export const initialState: State = {
  phase: { name: "loading" },
  session: null,
  invoices: [],
  list: unknownList,
  chosen: new Map(),
  card: emptyCard,
  quote: null,
  notice: null,
  waiting: null,
  elsewhere: [],
  ending: null,
  checked: false,
  focus: null,
};
