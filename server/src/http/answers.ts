import type { Context } from "hono";
import type { Logger } from "pino";
import type { z } from "zod";
import {
  errorCodes,
  faultsOf,
  misdirected,
  problemOf,
  type Refused,
  refused,
  retryAfterS,
} from "../../contract/index.ts";
import { MasterKeyUnavailable } from "../crypto/master-key.ts";
import { SessionEnded } from "../sessions/keys-in-use.ts";
import { SettingInvalid, SettingMissing, TenancyError, TenantElsewhere } from "../tenant/errors.ts";
import { NotFromEdge } from "./internal-token.ts";
import { UserRefused } from "./user-refused.ts";

export interface ServerEnv {
  Variables: {
    requestId: string;
    /** Set once the request is known to be a tenant's; `slug` once that is found. */
    tenant?: { id: string; slug?: string };
    /** Gives back what the request took of its tenant's share. */
    leave?: () => void;
  };
}

/** What every log line of a request begins with. */
export const logFields = (c: Context<ServerEnv>) => {
  const { id: tenantId, slug: tenant } = c.get("tenant") ?? {};
  return { requestId: c.get("requestId"), tenant, tenantId };
};

/** A problem document (RFC 9457). Nothing internal has a way into it. */
export function answerRefused(
  c: Context<ServerEnv>,
  { kind: _, code, retryAfterS: waitS, ...more }: Refused,
  extraHeaders: Record<string, string> = {},
): Response {
  const wait = waitS ?? retryAfterS[code];
  const body = JSON.stringify(problemOf(code, c.get("requestId") ?? "unknown", more));
  const headers = {
    "content-type": "application/problem+json",
    ...(wait === undefined ? {} : { "retry-after": String(wait) }),
    ...extraHeaders,
  };
  return new Response(body, { status: errorCodes[code], headers });
}

/** JSON of a verb's answer. */
export function answerJson(value: unknown, status = 200): Response {
  return new Response(JSON.stringify(value), { status, headers: { "content-type": "application/json" } });
}

/** The one place an exception becomes an answer; what it was is for the log alone. */
export function onError(log: Logger) {
  return (error: Error, c: Context<ServerEnv>): Response => {
    const about = logFields(c);
    if (error instanceof NotFromEdge) {
      log.warn({ ...about, cause: error.message }, "refused: not from the edge");
      const headers = { "www-authenticate": 'Bearer error="invalid_token"' };
      return answerRefused(c, refused("token_invalid"), headers);
    }
    if (error instanceof UserRefused) return answerRefused(c, error.refusal);
    if (error instanceof SessionEnded) {
      log.info({ ...about, cause: error.message }, "refused: the session has ended");
      const detail =
        "the embed key that vouched for this session was revoked: open the page with another's token";
      return answerRefused(c, refused("token_invalid", { detail }));
    }
    if (error instanceof TenantElsewhere) {
      log.info({ ...about, cause: error.message }, misdirected.code);
      const { status, code } = misdirected;
      const body = {
        type: `urn:problem:${code}`,
        title: "Misdirected",
        status,
        code,
        requestId: about.requestId,
      };
      return Response.json(body, { status, headers: { "content-type": "application/problem+json" } });
    }
    const code = codeOf(error);
    log[code === "internal" ? "error" : "warn"]({ ...about, err: error }, code);
    return answerRefused(c, refused(code));
  };
}

function codeOf(error: Error): Refused["code"] {
  if (error instanceof TenancyError) return error.code;
  // The tenant's secrets cannot be opened for now.
  if (error instanceof MasterKeyUnavailable) return "tenant_unavailable";
  // Not set up yet, or not well: passes when the tenant's administrator has.
  if (error instanceof SettingMissing || error instanceof SettingInvalid) return "unavailable";
  return "internal";
}

/** A JSON body that fits, or why not. */
export async function readBody<T>(
  c: Context,
  schema: z.ZodType<T>,
): Promise<{ kind: "body"; body: T } | Refused> {
  const value: unknown = await c.req.json().catch(() => undefined);
  if (value === undefined) return refused("malformed_request");
  const parsed = schema.safeParse(value);
  return parsed.success
    ? { kind: "body", body: parsed.data }
    : refused("validation_failed", { errors: faultsOf(parsed.error) });
}
