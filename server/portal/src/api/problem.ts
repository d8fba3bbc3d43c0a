import type { ErrorCode, Problem } from "@clarity/server/contract";

/** What an answer says is wrong; `network`: there was none. */
export type FailureCode = ErrorCode | "network";

/** A request that did not do what it was sent for. */
export class Failure extends Error {
  override readonly name = "Failure";
  readonly code: FailureCode;
  readonly requestId: string | null;
  /** Why a verb of a person's did nothing, in the words of who said it. */
  readonly detail: string | null;
  /** JSON pointers of what was wrong, such as `/email`. */
  readonly fields: readonly string[];
  constructor(code: FailureCode, problem: Partial<Problem> = {}) {
    super(code);
    this.code = code;
    this.requestId = problem.requestId ?? null;
    this.detail = code === "not_done" ? (problem.detail ?? null) : null;
    this.fields = problem.errors?.map(({ pointer }) => pointer) ?? [];
  }
}

export const codeOf = (error: unknown): FailureCode => (error instanceof Failure ? error.code : "internal");
