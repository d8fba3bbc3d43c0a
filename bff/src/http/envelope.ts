import { truncatedAddress } from "@clarity/server/contract/connections";
import type { Span } from "@opentelemetry/api";
import type { MiddlewareHandler } from "hono";
import { HTTPException } from "hono/http-exception";
import { matchedRoutes } from "hono/route";
import type { Logger } from "pino";
import type { Metrics } from "../telemetry/metrics.ts";
import { inRequestSpan, traceFields } from "../telemetry/tracing.ts";
import { addHeaders, answerRefusal } from "./answer.ts";
import type { EdgeContext, EdgeEnv } from "./env.ts";
import { Refusal } from "./refusal.ts";
import { addressOf, requestIdOf } from "./request.ts";

/**
 * On every answer, errors included. No X-Frame-Options: any value of it blocks the ERP hosts; framing is
 * decided by `frame-ancestors` alone. Answers that other origins may load say so themselves.
 */
const securityHeaders = {
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

/** Two years, as browsers' preload lists ask. */
const hsts = "max-age=63072000; includeSubDomains";

export interface EnvelopeOptions {
  log: Logger;
  metrics: Metrics;
  trustForwarded: boolean;
}

/** The outermost layer: who asks, under which id; headers every answer has; one log line, without personal data. */
export function envelope({ log, metrics, trustForwarded }: EnvelopeOptions): MiddlewareHandler<EdgeEnv> {
  return async (c, next) => {
    const startedAt = performance.now();
    const requestId = requestIdOf(c.req.header("x-request-id"));
    const { origin, hostname, address, fault } = addressOf(c, trustForwarded);
    c.set("requestId", requestId);
    c.set("origin", origin);
    c.set("hostname", hostname);
    c.set("address", address);
    c.set("fault", fault);
    c.set("headers", { ...securityHeaders, "x-request-id": requestId });
    if (origin.startsWith("https:")) addHeaders(c, { "strict-transport-security": hsts });
    const { method } = c.req;
    await inRequestSpan(method, async (span) => {
      await next();
      const durationMs = performance.now() - startedAt;
      const route = routeOf(c);
      const { status } = c.res;
      metrics.observe({ route, method, status, tenant: c.get("host")?.tenant.slug, durationMs });
      const rounded = Math.round(durationMs * 10) / 10;
      log.info({ ...logFields(c), method, route, status, ...refusalFields(c), durationMs: rounded });
      if (span) describe(span, c, route);
    });
  };
}

/** The pattern that answered, such as `/v1/payments/:id`; never an address with ids in it. */
const routeOf = (c: EdgeContext): string =>
  matchedRoutes(c).findLast(({ path, method }) => method !== "ALL" || !path.endsWith("*"))?.path ?? "other";

/** What every log line of a request begins with. */
const logFields = (c: EdgeContext) => ({
  requestId: c.get("requestId"),
  tenant: c.get("host")?.tenant.slug,
  ...traceFields(),
});

/** Who was refused what: no more of an address than says which network to look at. */
function refusalFields(c: EdgeContext): { code?: string; network?: string } {
  const code = c.get("refused");
  return code === undefined ? {} : { code, network: truncatedAddress(c.get("address")) };
}

/** Inside the envelope, ahead of everything else: a request that could be read as two hosts' is nobody's. */
export const oneAuthority: MiddlewareHandler<EdgeEnv> = async (c, next) => {
  const detail = c.get("fault");
  if (detail !== null) throw new Refusal("malformed_request", { detail });
  await next();
};

/** Names of OpenTelemetry's stable HTTP conventions; nothing of the payer. */
function describe(span: Span, c: EdgeContext, route: string): void {
  const { status } = c.res;
  span.updateName(`${c.req.method} ${route}`);
  span.setAttributes({ "http.route": route, "http.response.status_code": status });
  if (status >= 500) span.setAttribute("error.type", String(status));
  const tenant = c.get("host")?.tenant;
  if (tenant) span.setAttributes({ "tenant.id": tenant.id, "tenant.slug": tenant.slug });
}

/** The one place an error becomes an answer. What is not a refusal is our fault, and only the log hears why. */
export function onError(log: Logger) {
  return (error: Error, c: EdgeContext): Response => {
    if (error instanceof Refusal) {
      if (error.cause !== undefined) log.warn({ ...logFields(c), err: error.cause }, error.code);
      return answerRefusal(c, error);
    }
    // Hono's JSON validator says 400 this way, before any schema has been asked.
    if (error instanceof HTTPException && error.status < 500) {
      return answerRefusal(c, new Refusal("malformed_request"));
    }
    // The body's sender left, or was cut off for being slow: nobody hears the answer.
    if (error === c.env?.incoming?.errored) return answerRefusal(c, new Refusal("malformed_request"));
    log.error({ ...logFields(c), err: error }, "internal");
    return answerRefusal(c, new Refusal("internal"));
  };
}
