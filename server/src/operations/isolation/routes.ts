import type { ErrorCode } from "../../../contract/index.ts";

/** The wrong ways into a session route, and what each is answered. Nothing is forwarded to a server then. */
export const wrongWays = {
  "no token": "token_missing",
  "a bearer token": "token_invalid",
  "another tenant's token": "tenant_mismatch",
  "a tampered token": "token_invalid",
  "a forged token": "token_invalid",
  "a token that names its own key": "token_invalid",
  "an unsigned token": "token_invalid",
  "an expired token": "token_expired",
  "no proof": "proof_invalid",
  "another key's proof": "proof_invalid",
  "another route's proof": "proof_invalid",
  "a replayed proof": "proof_invalid",
} as const satisfies Record<string, ErrorCode>;
export type WrongWay = keyof typeof wrongWays;

export interface RouteAccess {
  /** `session`: the payer's token, bound to the browser's key. `open`: see `why`. */
  guard: "session" | "open";
  /** Whose rows it can answer with, or why it needs no session. */
  why: string;
  /**
   * What another tenant's ids in path or body are answered, by a session of one's own: the same, byte for byte,
   * as ids that are nobody's.
   */
  foreignIds?: ErrorCode;
}

/**
 * Every route of the public API, by method and path of its OpenAPI document. Tested in
 * bff/src/edge/matrix.test.ts, which fails when the document and this list differ, and printed by
 * `clarity isolation report`.
 */
export const routes: Record<string, RouteAccess> = {
  "POST /v1/session": {
    guard: "open",
    why: "trades an embed token, which the host's tenant must have signed, for a session",
  },
  "GET /v1/invoices": { guard: "session", why: "the customer's own, narrowed by the token" },
  "POST /v1/payments": {
    guard: "session",
    why: "the customer's own invoices",
    foreignIds: "not_found",
  },
  "GET /v1/payments/{id}": { guard: "session", why: "the customer's own", foreignIds: "not_found" },
  "POST /v1/payments/{id}/resume": {
    guard: "session",
    why: "the customer's own",
    foreignIds: "not_found",
  },
  "GET /theme/{file}": { guard: "open", why: "style sheets of the host's tenant; no personal data" },
  "POST /webhooks/{provider}": {
    guard: "open",
    why: "the signature must be made with the host's tenant's webhook secret",
  },
  "GET /healthz": { guard: "open", why: "says that the process lives" },
  "GET /readyz": { guard: "open", why: "says whether it can serve; of no tenant" },
};
