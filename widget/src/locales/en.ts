import type { DeclineReason, ErrorCode, PortalErrorCode } from "@clarity/bff/contract";
import { enErrors } from "./en-errors.ts";
import { enWords } from "./en-words.ts";

/** What can go wrong in the browser itself, beside the coded answers of the API. */
export type ClientCode = "network" | "session_ended" | "no_token" | "insecure_page";
/** Why the edge was not heard; before there is a session only, where words are few (`pre-session.ts`). */
export type EarlyCode = "page_refused" | "page_blocked";
type Worded = Exclude<ErrorCode, PortalErrorCode> | ClientCode;
export type Code = Worded | EarlyCode;

type Needed = `error.${Worded}` | `decline.${DeclineReason}`;

/** Every word, complete. A code of the contract without words does not compile. */
export const en = { ...enWords, ...enErrors } as const satisfies Record<Needed, string>;

export type Messages = Record<keyof typeof en, string>;
export type MessageKey = keyof Messages | `error.${EarlyCode}`;
