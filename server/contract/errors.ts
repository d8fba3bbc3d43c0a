import { z } from "zod";

/** Those that only the portal's pages are told; they have words for them, the form has none. */
export const portalErrorCodes = {
  login_failed: 401,
  step_up_needed: 403,
  last_owner: 409,
  already_there: 409,
  not_done: 409,
  erp_owns_records: 409,
  changed_meanwhile: 409,
} as const;
export type PortalErrorCode = keyof typeof portalErrorCodes;

/**
 * Every error a browser can be told, and the HTTP status it travels with. A closed list: the
 * widget has words for each, and a code never changes its meaning. Internal causes stay in the log.
 */
export const errorCodes = {
  ...portalErrorCodes,
  malformed_request: 400,
  validation_failed: 400,
  token_missing: 401,
  token_invalid: 401,
  token_expired: 401,
  token_replayed: 401,
  proof_invalid: 401,
  tenant_mismatch: 403,
  tenant_suspended: 403,
  scope_missing: 403,
  tenant_unknown: 404,
  not_found: 404,
  method_not_allowed: 405,
  payment_in_progress: 409,
  amount_changed: 409,
  invoice_closed: 409,
  tenant_deleting: 410,
  body_too_large: 413,
  unsupported_media_type: 415,
  idempotency_mismatch: 422,
  amount_exceeds_balance: 422,
  amount_below_minimum: 422,
  currency_mismatch: 422,
  payment_method_invalid: 422,
  rate_limited: 429,
  too_many_declines: 429,
  internal: 500,
  provider_unavailable: 502,
  erp_unavailable: 503,
  tenant_moving: 503,
  tenant_upgrading: 503,
  tenant_unavailable: 503,
  unavailable: 503,
} as const;

export type ErrorCode = keyof typeof errorCodes;
export const ErrorCode = z.enum(Object.keys(errorCodes) as [ErrorCode, ...ErrorCode[]]);

/**
 * RFC 9457 problem details, served as `application/problem+json`.
 * `type` is `urn:problem:<code>`: a name, not an address, so that it carries no host.
 */
export const Problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    code: ErrorCode,
    /** Public words for a developer; never an internal message. */
    detail: z.string().optional(),
    /** Quote it to support: the same id stands in every log line of the request. */
    requestId: z.string(),
    /** `validation_failed` only: JSON pointers (RFC 6901) of what was wrong. */
    errors: z.array(z.object({ pointer: z.string(), message: z.string() })).optional(),
    /** Whom the payer can ask: the seller's name, where whoever asks may know it. Absent: they may not, or an older server. */
    seller: z.string().optional(),
    /** `amount_changed` only: what the payment would cost now, minor units as digits. */
    quote: z
      .object({ amountMinor: z.string(), surchargeMinor: z.string(), totalMinor: z.string() })
      .optional(),
  })
  .meta({ id: "Problem" });
export type Problem = z.infer<typeof Problem>;

/** What a problem may say beside its code. All of it is public. */
export type ProblemDetail = Partial<Pick<Problem, "detail" | "errors" | "quote" | "seller">>;

/** What a schema refused, as a problem says it: a JSON pointer for each fault, at most 20. */
export function faultsOf({ issues }: z.ZodError): NonNullable<Problem["errors"]> {
  return issues.slice(0, 20).map(({ path, message }) => ({
    pointer: path.map((part) => `/${String(part).replaceAll("~", "~0").replaceAll("/", "~1")}`).join(""),
    message,
  }));
}

/** The problem document of a code; its title is the code in words. */
export function problemOf(code: ErrorCode, requestId: string, more: ProblemDetail = {}): Problem {
  const words = code.replaceAll("_", " ");
  return {
    type: `urn:problem:${code}`,
    title: words.charAt(0).toUpperCase() + words.slice(1),
    status: errorCodes[code],
    code,
    requestId,
    ...more,
  };
}

/** Seconds after which asking again makes sense, for the `Retry-After` of answers that pass by themselves. */
export const retryAfterS: { readonly [Code in ErrorCode]?: number } = {
  payment_in_progress: 2,
  rate_limited: 1,
  too_many_declines: 60,
  provider_unavailable: 5,
  erp_unavailable: 10,
  tenant_moving: 1,
  tenant_upgrading: 10,
  tenant_unavailable: 5,
  unavailable: 2,
};
