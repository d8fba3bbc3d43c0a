import type { OpenAPIHono } from "@hono/zod-openapi";
import { addHeaders, answer, answerJson } from "../http/answer.ts";
import type { EdgeEnv } from "../http/env.ts";
import { Refusal } from "../http/refusal.ts";
import { readHealth, readReadiness } from "../pay/specs.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { Upstream } from "../upstream/forward.ts";

const loopback = new Set(["127.0.0.1", "::1", "::ffff:127.0.0.1"]);

/** What supervisors and collectors ask. Metrics answer on loopback only; to anyone else they do not exist. */
export function addStatusRoutes(
  app: OpenAPIHono<EdgeEnv>,
  options: {
    upstream: Upstream;
    metrics: Metrics;
    /** The process has been asked to stop. */
    stopping: () => boolean;
    /** Some tenant's own instance has answered lately. */
    ownInstanceAnswers: () => boolean;
  },
) {
  app.openapi(readHealth, (c) => answerJson(c, { status: "ok" }));

  app.openapi(readReadiness, async (c) => {
    if (options.stopping()) throw new Refusal("unavailable");
    const ready = await options.upstream(new Request("http://upstream/readyz")).catch(() => null);
    // Without the shared servers an edge still serves tenants that have an instance of their own.
    if (!ready?.ok && !options.ownInstanceAnswers()) throw new Refusal("unavailable");
    const checks = { process: "ok", servers: ready?.ok ? "ok" : "unreachable" } as const;
    return answerJson(c, { status: ready?.ok ? "ok" : "degraded", checks });
  });

  app.get("/metrics", async (c) => {
    const peer = c.env?.incoming?.socket.remoteAddress ?? "";
    const proxied = c.req.header("x-forwarded-for") !== undefined;
    if (!loopback.has(peer) || proxied || c.get("hostname") !== "127.0.0.1") throw new Refusal("not_found");
    addHeaders(c, { "content-type": "text/plain; version=0.0.4; charset=utf-8" });
    return answer(c, await options.metrics.text());
  });
}
