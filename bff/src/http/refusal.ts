import type { ErrorCode, ProblemDetail } from "@clarity/server/contract";

/** An expected refusal on its way to the browser: a code of the closed list and public words only. */
export class Refusal extends Error {
  readonly code: ErrorCode;
  readonly more: ProblemDetail;
  /** Seconds for `Retry-After`; null: what is usual for the code. */
  readonly waitS: number | null;
  /** The connection ends with it. Default false. */
  readonly endsConnection: boolean = false;
  constructor(code: ErrorCode, more: ProblemDetail = {}, waitS: number | null = null) {
    super(code);
    this.name = "Refusal";
    this.code = code;
    this.more = more;
    this.waitS = waitS;
  }
}
