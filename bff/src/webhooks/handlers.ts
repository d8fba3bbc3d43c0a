import { internalPaths } from "@clarity/server/contract";
import type { OpenAPIHono } from "@hono/zod-openapi";
import { answer } from "../http/answer.ts";
import type { EdgeEnv } from "../http/env.ts";
import { receiveWebhook } from "../pay/specs.ts";
import { claimsFor, type Forwarder } from "../upstream/forward.ts";

/** Headers that are about this connection or this hop, not about the news; traces of others among them. */
const ownHeaders =
  /^(?:host|connection|keep-alive|transfer-encoding|content-length|te|trailer|upgrade|expect|authorization|cookie|proxy-.*|x-request-id|traceparent|tracestate|baggage)$/;

/** A provider's news for the tenant of this host: bytes and headers untouched, for the signature covers them. */
export function addWebhookRoutes(app: OpenAPIHono<EdgeEnv>, forward: Forwarder) {
  app.openapi(receiveWebhook, async (c) => {
    const host = c.get("host");
    const requestId = c.get("requestId");
    const headers = Object.fromEntries(
      Object.entries(c.req.header()).filter(([name]) => !ownHeaders.test(name)),
    );
    await forward({
      method: "POST",
      path: internalPaths.webhook(c.req.valid("param").provider),
      home: c.get("home"),
      claims: claimsFor("webhook", { tenant: host.tenant.id, requestId }),
      body: await c.req.arrayBuffer(),
      headers,
    });
    return answer(c, null, 202);
  });
}
