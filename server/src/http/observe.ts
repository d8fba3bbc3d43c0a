import type { MiddlewareHandler } from "hono";
import { matchedRoutes } from "hono/route";
import type { Logger } from "pino";
import { requestDurations, requestsAnswered, tenantLabel } from "../telemetry/metrics.ts";
import { inRequestSpan } from "../telemetry/tracing.ts";
import { logFields, type ServerEnv } from "./answers.ts";

/** The outermost layer: each request counted, timed, traced, and a debug line about it without personal data. */
export function observe(log: Logger): MiddlewareHandler<ServerEnv> {
  return (c, next) =>
    inRequestSpan(c.req.raw, async (span) => {
      const startedAt = performance.now();
      await next();
      const durationMs = performance.now() - startedAt;
      const { method } = c.req;
      const { status } = c.res;
      // The pattern, such as `…/payments/:id`; never an address with ids in it.
      const route = matchedRoutes(c).findLast(({ path }) => !path.endsWith("*"))?.path ?? "other";
      const tenant = c.get("tenant");
      requestsAnswered.inc({ route, method, status, tenant: tenantLabel(tenant?.slug) });
      requestDurations.observe({ route }, durationMs / 1_000);
      log.debug(
        { ...logFields(c), method, route, status, durationMs: Math.round(durationMs * 10) / 10 },
        "answered",
      );
      if (!span) return;
      span.updateName(`${method} ${route}`);
      span.setAttributes({ "http.route": route, "http.response.status_code": status });
      if (tenant) span.setAttribute("tenant.id", tenant.id);
      if (tenant?.slug) span.setAttribute("tenant.slug", tenant.slug);
      if (status >= 500) span.setAttribute("error.type", String(status));
    });
}
