import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { HTTPException } from "hono/http-exception";
import { ApiError } from "./errors.ts";
import { adminRoutes } from "./http/admin-routes.ts";
import type { AppEnv, Services } from "./http/app-env.ts";
import { browserRoutes } from "./http/browser-routes.ts";
import { cardRoutes } from "./http/card-routes.ts";
import { challengeRoutes } from "./http/challenge-routes.ts";
import { consoleRoutes } from "./http/console-routes.ts";
import { merchantRoutes } from "./http/merchant-routes.ts";
import { reportRoutes } from "./http/report-routes.ts";
import { logFailure } from "./log.ts";

const maxBodyBytes = 16 * 1024;

/** The whole provider as one app; API.md is its contract. */
export function createApp(services: Services): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.use(async (c, next) => {
    await next();
    c.header("x-content-type-options", "nosniff");
    // A frame of ours that posts to us must still name its origin; others learn nothing of the path.
    c.header("referrer-policy", "same-origin");
    if (!c.res.headers.has("cache-control")) c.header("cache-control", "no-store");
  });
  app.use(
    bodyLimit({
      maxSize: maxBodyBytes,
      onError: () => refuse(new ApiError("body_too_large", `a body is at most ${maxBodyBytes} bytes`)),
    }),
  );
  app.route("/v1", adminRoutes(services));
  app.route("/v1", merchantRoutes(services));
  app.route("/v1", browserRoutes(services));
  app.route("/", cardRoutes(services));
  app.route("/", challengeRoutes(services));
  app.route("/", consoleRoutes(services));
  app.route("/", reportRoutes());
  app.notFound(() => refuse(new ApiError("not_found", "no such address")));
  app.onError((error) => {
    if (error instanceof ApiError) return refuse(error);
    if (error instanceof HTTPException) return error.getResponse();
    logFailure("request", error);
    return refuse(new ApiError("internal", "something went wrong"));
  });
  return app;
}

function refuse(error: ApiError): Response {
  return new Response(error.toBody(), {
    status: error.status,
    headers: { "content-type": "application/json" },
  });
}
