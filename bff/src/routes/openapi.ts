import { faultsOf } from "@clarity/server/contract";
import type { Hook, OpenAPIHono } from "@hono/zod-openapi";
import { addHeaders, answer, answerRefusal } from "../http/answer.ts";
import type { EdgeEnv } from "../http/env.ts";
import { Refusal } from "../http/refusal.ts";
import type { Handlers } from "./spec.ts";

/** The API's description, made of the rows and specs that guard and validate its requests. */
export function openApiHandlers(app: OpenAPIHono<EdgeEnv>): Handlers<"readOpenAPI"> {
  app.openAPIRegistry.registerComponent("securitySchemes", "session", {
    type: "http",
    scheme: "DPoP",
    description:
      "The access token of `POST /v1/session`, bound to the browser's key; every request carries a fresh proof in `DPoP` (RFC 9449).",
  });
  app.openAPIRegistry.registerComponent("securitySchemes", "portal", {
    type: "apiKey",
    in: "cookie",
    name: "__Host-session",
    description:
      "The portal's session, set by `POST /portal/v1/login/finish`. Changes also need `Origin` and the `x-csrf-token` of `GET /portal/v1/me`.",
  });
  let bytes: Uint8Array<ArrayBuffer> | null = null;
  return {
    readOpenAPI(c) {
      // At the first request: every route has been mounted by then, and none is later. The same for every host, so that
      // all answers are these bytes: the server's address is relative to the document's own (OpenAPI 3.1, Server Object).
      bytes ??= new TextEncoder().encode(
        JSON.stringify(
          app.getOpenAPI31Document({
            openapi: "3.1.0",
            info: { title: "Invoice payments", version: "1" },
            servers: [{ url: "/" }],
          }),
        ),
      );
      addHeaders(c, { "access-control-allow-origin": "*", "content-type": "application/json" });
      return answer(c, bytes);
    },
  };
}

/** What a schema refuses: `validation_failed`, and where. */
// biome-ignore lint/suspicious/noExplicitAny: the library's hook is generic over every route's input
export const refuseInvalid: Hook<any, EdgeEnv, any, any> = (result, c) => {
  if (result.success) return;
  return answerRefusal(c, new Refusal("validation_failed", { errors: faultsOf(result.error) }));
};
