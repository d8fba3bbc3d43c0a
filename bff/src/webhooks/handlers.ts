import { answer } from "../http/answer.ts";
import type { Handlers } from "../routes/spec.ts";
import { ofTenant } from "../upstream/claims.ts";
import type { Forwarder } from "../upstream/forward.ts";
import type { webhookSpecs } from "./specs.ts";

/** Headers that are about this connection or this hop, not about the news; traces of others among them. */
const ownHeaders =
  /^(?:host|connection|keep-alive|transfer-encoding|content-length|te|trailer|upgrade|expect|authorization|cookie|proxy-.*|x-request-id|traceparent|tracestate|baggage)$/;

/** A provider's news for the tenant of this host: bytes and headers untouched, for the signature covers them. */
export function webhookHandlers({
  forward,
}: {
  forward: Forwarder;
}): Handlers<"receiveWebhook", typeof webhookSpecs> {
  return {
    async receiveWebhook(c) {
      const headers = Object.fromEntries(
        Object.entries(c.req.header()).filter(([name]) => !ownHeaders.test(name)),
      );
      const params = c.req.valid("param");
      const body = await c.req.arrayBuffer();
      await forward({ to: "receiveWebhook", params, ...ofTenant(c), body, headers });
      return answer(c, null, 202);
    },
  };
}
