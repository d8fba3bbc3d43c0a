import { randomUUID } from "node:crypto";
import { pino } from "pino";
import { expect, test } from "vitest";
import { usualLimits } from "../../contract/connections/index.ts";
import { backlog, metricsText, requestsAnswered, tenantLabel } from "./metrics.ts";
import { serveMetrics } from "./serve-metrics.ts";

const seriesOf = async (name: string) =>
  (await metricsText()).split("\n").filter((line) => line.startsWith(`${name}{`));

test("the largest backlogs are told apart, the others are summed, none is no series", async () => {
  const ids = Array.from({ length: 120 }, () => randomUUID());
  for (const [n, id] of ids.entries()) backlog.dead.set({ id, slug: `t${n}` }, n);
  const series = await seriesOf("outbox_dead");
  expect(series).toHaveLength(101);
  expect(series).toContain('outbox_dead{tenant="t119"} 119');
  // 1 to 19: what the hundred largest leave.
  expect(series).toContain('outbox_dead{tenant="other"} 190');
  for (const id of ids.slice(0, 119)) backlog.dead.forget(id);
  backlog.dead.set({ id: ids[119] ?? "", slug: "t119" }, 0);
  expect(await seriesOf("outbox_dead")).toEqual([]);
});

test("counters tell a hundred tenants apart", () => {
  const labels = Array.from({ length: 130 }, (_, n) => tenantLabel(`tenant-${n}`));
  expect(new Set(labels).size).toBe(101);
  expect(tenantLabel("tenant-3")).toBe("tenant-3");
  expect(tenantLabel(undefined)).toBe("none");
});

test("metrics are served on a port of their own, and nothing else is", async () => {
  requestsAnswered.inc({ route: "/healthz", method: "GET", status: 200, tenant: "none" });
  const server = await serveMetrics({
    port: 0,
    host: "127.0.0.1",
    limits: usualLimits,
    log: pino({ level: "silent" }),
  });
  const answer = await fetch(`http://127.0.0.1:${server.port}/metrics`);
  expect(answer.headers.get("content-type")).toContain("version=0.0.4");
  const text = await answer.text();
  expect(text).toContain('server_requests_total{route="/healthz",method="GET",status="200",tenant="none"} 1');
  expect(text).toContain("process_resident_memory_bytes");
  expect((await fetch(`http://127.0.0.1:${server.port}/`)).status).toBe(404);
  await server.close();
});
