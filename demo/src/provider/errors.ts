/** Everything a call can be refused for, with its HTTP status. Closed: a new code is a change of API.md. */
const statusOf = {
  invalid_request: 400,
  unauthorized: 401,
  forbidden_origin: 403,
  not_found: 404,
  in_progress: 409,
  reference_taken: 409,
  not_authorized: 409,
  not_captured: 409,
  body_too_large: 413,
  idempotency_mismatch: 422,
  invalid_card: 422,
  invalid_token: 422,
  invalid_bin: 422,
  amount_too_large: 422,
  currency_mismatch: 422,
  internal: 500,
} as const;

export type ErrorCode = keyof typeof statusOf;

/** A refusal: nothing was changed, and nothing is stored under the call's idempotency key. */
export class ApiError extends Error {
  readonly code: ErrorCode;
  readonly status: (typeof statusOf)[ErrorCode];

  /** @param message is sent to the caller: it must never quote what the caller sent. */
  constructor(code: ErrorCode, message: string) {
    super(message);
    this.name = "ApiError";
    this.code = code;
    this.status = statusOf[code];
  }

  toBody(): string {
    return JSON.stringify({ error: { code: this.code, message: this.message } });
  }
}
