import { setTimeout as delay } from "node:timers/promises";
import { routes, serverPaths } from "@clarity/server/contract";
import { addHeaders, answer, answerJson } from "../http/answer.ts";
import { Refusal } from "../http/refusal.ts";
import type { Handlers } from "../routes/spec.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { Upstream } from "../upstream/forward.ts";
import type { statusSpecs } from "./specs.ts";

/** A probe is answered within 300 ms, ms. */
const patienceMs = 220;

async function askServers(upstream: Upstream): Promise<"ok" | "unready" | "unreachable"> {
  const ask = new Request(`http://upstream${serverPaths.readReadiness()}`);
  const asked = upstream(ask, routes.server.readReadiness.timeoutMs).catch(() => null);
  const ready = await Promise.race([asked, delay(patienceMs, null, { ref: false })]);
  await ready?.body?.cancel().catch(() => {});
  return ready === null ? "unreachable" : ready.ok ? "ok" : "unready";
}

/** What supervisors and collectors ask. */
export function statusHandlers(options: {
  upstream: Upstream;
  metrics: Metrics;
  /** The process has been asked to stop. */
  stopping: () => boolean;
}): Handlers<"readHealth" | "readReadiness" | "readMetrics", typeof statusSpecs> {
  return {
    readHealth: (c) => answerJson(c, { status: "ok" }),

    async readReadiness(c) {
      if (options.stopping()) throw new Refusal("unavailable");
      const servers = await askServers(options.upstream);
      // Were it unready without them, all edges would leave at once because servers do: pages, scripts and tenants with
      // an instance of their own too, and the form's words of when to come back.
      return answerJson(c, {
        status: servers === "ok" ? "ok" : "degraded",
        checks: { process: "ok", servers },
      });
    },

    async readMetrics(c) {
      addHeaders(c, { "content-type": "text/plain; version=0.0.4; charset=utf-8" });
      return answer(c, await options.metrics.text());
    },
  };
}
