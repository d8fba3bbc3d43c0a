import type { ErrorCode, ProblemDetail } from "./errors.ts";

/** What is answered to who asked for something and expectedly does not get it: nothing in it is internal. */
export interface Refused<Code extends ErrorCode = ErrorCode> extends ProblemDetail {
  kind: "refused";
  code: Code;
  /** Asking again makes sense after so many seconds. Default what is usual for the code. */
  retryAfterS?: number;
}

export const refused = <Code extends ErrorCode>(
  code: Code,
  more: ProblemDetail & { retryAfterS?: number } = {},
): Refused<Code> => ({
  kind: "refused",
  code,
  ...more,
});
