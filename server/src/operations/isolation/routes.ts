import { type EdgeRoute, type ErrorCode, routes } from "../../../contract/index.ts";

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

/**
 * Every row of the edge by method and path, as in its OpenAPI document. Tested in bff/src/edge/matrix.test.ts, and
 * printed by `clarity isolation report`.
 */
export const accessRoutes: Record<string, EdgeRoute> = Object.fromEntries(
  Object.values<EdgeRoute>(routes.edge).map((row) => [`${row.method} ${row.path}`, row]),
);
