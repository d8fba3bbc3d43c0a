import { routes, serverPaths } from "@clarity/server/contract";
import { addHeaders, answer, answerJson } from "../http/answer.ts";
import { Refusal } from "../http/refusal.ts";
import type { Handlers } from "../routes/spec.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { Upstream } from "../upstream/forward.ts";
import type { statusSpecs } from "./specs.ts";

/** What supervisors and collectors ask. */
export function statusHandlers(options: {
  upstream: Upstream;
  metrics: Metrics;
  /** The process has been asked to stop. */
  stopping: () => boolean;
  /** Some tenant's own instance has answered lately. */
  ownInstanceAnswers: () => boolean;
}): Handlers<"readHealth" | "readReadiness" | "readMetrics", typeof statusSpecs> {
  return {
    readHealth: (c) => answerJson(c, { status: "ok" }),

    async readReadiness(c) {
      if (options.stopping()) throw new Refusal("unavailable");
      const ask = new Request(`http://upstream${serverPaths.readReadiness()}`);
      const ready = await options.upstream(ask, routes.server.readReadiness.timeoutMs).catch(() => null);
      // Without the shared servers an edge still serves tenants that have an instance of their own.
      if (!ready?.ok && !options.ownInstanceAnswers()) throw new Refusal("unavailable");
      const checks = { process: "ok", servers: ready?.ok ? "ok" : "unreachable" } as const;
      return answerJson(c, { status: ready?.ok ? "ok" : "degraded", checks });
    },

    async readMetrics(c) {
      addHeaders(c, { "content-type": "text/plain; version=0.0.4; charset=utf-8" });
      return answer(c, await options.metrics.text());
    },
  };
}
