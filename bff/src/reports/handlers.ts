import type { Logger } from "pino";
import { answer } from "../http/answer.ts";
import type { EdgeContext } from "../http/env.ts";
import { Refusal } from "../http/refusal.ts";
import type { Handlers } from "../routes/spec.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { type Report, readReports } from "./reports.ts";

const types = new Set(["application/reports+json", "application/csp-report", "application/json"]);
/** Lines a minute at most, of all tenants together; the count goes on. */
const linesAMinute = 60;

/** Takes what browsers report of our pages (PCI DSS 4.0.1 6.4.3, 11.6.1): counted, and logged while there is room. */
export function reportHandlers(options: {
  log: Logger;
  metrics: Metrics;
  now: () => number;
}): Handlers<"receiveReports"> {
  const { log, metrics } = options;
  const mayLog = atMost(linesAMinute, options.now);
  return {
    async receiveReports(c) {
      const { host } = new URL(c.get("origin"));
      const reports = readReports(await jsonOf(c), host);
      if (!reports) throw new Refusal("malformed_request");
      for (const report of reports) {
        metrics.countReport(report);
        if (isNews(report) && mayLog())
          log.warn(
            { requestId: c.get("requestId"), tenant: c.get("host").tenant.slug, ...report },
            "a browser refused something on a page of ours",
          );
      }
      return answer(c, null, 204);
    },
  };
}

const isNews = ({ blocked }: Report): boolean => blocked !== "extension";

async function jsonOf(c: EdgeContext): Promise<unknown> {
  const type = c.req.header("content-type")?.split(";")[0]?.trim().toLowerCase() ?? "";
  if (!types.has(type)) throw new Refusal("unsupported_media_type");
  const text = await c.req.text();
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function atMost(count: number, now: () => number): () => boolean {
  let minute = 0;
  let used = 0;
  return () => {
    const current = Math.floor(now() / 60_000);
    if (current !== minute) [minute, used] = [current, 0];
    return ++used <= count;
  };
}
