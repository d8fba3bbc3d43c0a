import { faultsOf } from "@clarity/server/contract";
import type { Hook, OpenAPIHono } from "@hono/zod-openapi";
import { addHeaders, answerJson, answerRefusal } from "../http/answer.ts";
import type { EdgeEnv } from "../http/env.ts";
import { Refusal } from "../http/refusal.ts";

/** The API's description, made of the same route definitions that validate requests. */
export function addOpenAPI(app: OpenAPIHono<EdgeEnv>) {
  app.openAPIRegistry.registerComponent("securitySchemes", "session", {
    type: "http",
    scheme: "DPoP",
    description:
      "The access token of `POST /v1/session`, bound to the browser's key; every request carries a fresh proof in `DPoP` (RFC 9449).",
  });
  app.get("/openapi.json", (c) => {
    const document = app.getOpenAPI31Document({
      openapi: "3.1.0",
      info: { title: "Invoice payments", version: "1" },
      servers: [{ url: c.get("origin") }],
    });
    addHeaders(c, { "access-control-allow-origin": "*" });
    return answerJson(c, document);
  });
}

/** What a schema refuses: `validation_failed`, and where. */
// biome-ignore lint/suspicious/noExplicitAny: the library's hook is generic over every route's input
export const refuseInvalid: Hook<any, EdgeEnv, any, any> = (result, c) => {
  if (result.success) return;
  return answerRefusal(c, new Refusal("validation_failed", { errors: faultsOf(result.error) }));
};
