import {
  type ErrorCode,
  errorCodes,
  type ProblemDetail,
  problemOf,
  retryAfterS,
} from "@clarity/server/contract";
import { addHeaders, answer, type EdgeContext } from "./request.ts";

/** An expected refusal on its way to the browser: a code of the closed list and public words only. */
export class Refusal extends Error {
  readonly code: ErrorCode;
  readonly more: ProblemDetail;
  /** Seconds for `Retry-After`; null: what is usual for the code. */
  readonly waitS: number | null;
  constructor(code: ErrorCode, more: ProblemDetail = {}, waitS: number | null = null) {
    super(code);
    this.name = "Refusal";
    this.code = code;
    this.more = more;
    this.waitS = waitS;
  }
}

/** Answers with the problem document (RFC 9457) of a refusal, and the headers its status asks for. */
export function answerRefusal(c: EdgeContext, { code, more, waitS }: Refusal): Response {
  const status = errorCodes[code];
  const wait = waitS ?? retryAfterS[code];
  if (wait !== undefined) addHeaders(c, { "retry-after": String(wait) });
  // RFC 9449 §7.1: which proofs are understood.
  if (status === 401) addHeaders(c, { "www-authenticate": 'DPoP algs="ES256 EdDSA"' });
  addHeaders(c, { "cache-control": "no-store", "content-type": "application/problem+json" });
  return answer(c, JSON.stringify(problemOf(code, c.get("requestId"), more)), status);
}
