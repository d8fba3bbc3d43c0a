import type { DeclineReason, ErrorCode, PortalErrorCode } from "@clarity/bff/contract";
import { enErrors } from "./en-errors.ts";
import { enWords } from "./en-words.ts";

/** What can go wrong in the browser itself, beside the coded answers of the API. */
export type ClientCode = "network" | "session_ended" | "no_token" | "insecure_page";
export type Code = Exclude<ErrorCode, PortalErrorCode> | ClientCode;

type Needed = `error.${Code}` | `decline.${DeclineReason}`;

/** Every word, complete. A code of the contract without words does not compile. */
export const en = { ...enWords, ...enErrors } as const satisfies Record<Needed, string>;

export type MessageKey = keyof typeof en;
export type Messages = Record<MessageKey, string>;
