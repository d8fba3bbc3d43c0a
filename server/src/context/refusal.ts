import type { ErrorCode, ProblemDetail } from "../../contract/index.ts";

/** What a verb answers when it expectedly will not: a code of the closed list, and public words only. */
export interface Refused extends ProblemDetail {
  kind: "refused";
  code: ErrorCode;
  /** Asking again makes sense after so many seconds. Default what is usual for the code. */
  retryAfterS?: number;
}

export const refused = (code: ErrorCode, more: ProblemDetail = {}): Refused => ({
  kind: "refused",
  code,
  ...more,
});
