import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { Agent, createServer, type IncomingMessage, request } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { writeAssets } from "./testing/rig.ts";
import { ensureEdgeKeys } from "./tokens/keys.ts";

/** The edge as a process, before servers that answer `/readyz` when the test lets them. */
const main = fileURLToPath(new URL("main.ts", import.meta.url));
const dir = mkdtempSync(join(tmpdir(), "edge-main-"));
let assetsDir = "";
let keyFile = "";
let held: (() => void)[] = [];
let holding = true;
const servers = createServer((_, response) => {
  const answer = () => response.setHeader("content-type", "application/json").end("{}");
  if (holding) held.push(answer);
  else answer();
});
let edge: ChildProcess | undefined;

beforeAll(async () => {
  assetsDir = await writeAssets();
  ({ keyFile } = await ensureEdgeKeys(dir));
  await new Promise<void>((resolve) => servers.listen(0, "127.0.0.1", resolve));
});
afterEach(() => {
  edge?.kill("SIGKILL");
  held = [];
  holding = true;
});
afterAll(() => {
  servers.closeAllConnections();
  servers.close();
  for (const path of [dir, assetsDir]) rmSync(path, { recursive: true, force: true });
});

/** Whose host name the edge asks the server about, and waits; readiness waits for nobody. */
const tenant = { host: "acme.localhost" };

async function start(env: Record<string, string>) {
  const { port: upstream } = servers.address() as AddressInfo;
  const child = spawn(process.execPath, [main], {
    env: {
      PORT: "0",
      CLARITY_SERVER_URL: `http://127.0.0.1:${upstream}`,
      CLARITY_EDGE_KEY_FILE: keyFile,
      CLARITY_ASSETS_DIR: assetsDir,
      ...env,
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  edge = child;
  const ports: { port?: number; metricsPort?: number } = {};
  for await (const line of createInterface({ input: child.stdout })) {
    Object.assign(ports, JSON.parse(line));
    if (ports.port && (ports.metricsPort || !env.CLARITY_METRICS_PORT)) break;
  }
  child.stdout.resume();
  const { port = 0, metricsPort = 0 } = ports;
  return { child, port, metricsPort, exited: once(child, "exit") };
}

const get = (port: number, path: string, headers: Record<string, string> = {}, agent?: Agent) =>
  new Promise<{ status: number | undefined; headers: IncomingMessage["headers"]; text: string }>(
    (resolve, reject) => {
      request({ port, host: "127.0.0.1", path, headers, ...(agent && { agent }) }, (answer) => {
        let text = "";
        answer
          .on("data", (chunk) => (text += chunk))
          .on("end", () => resolve({ status: answer.statusCode, headers: answer.headers, text }))
          .on("error", reject);
      })
        .on("error", reject)
        .end();
    },
  );

test("on a port of its own metrics answer whoever asks, by whatever name, and nothing else answers there", async () => {
  const { port, metricsPort } = await start({ CLARITY_METRICS_PORT: "0", CLARITY_METRICS_HOST: "0.0.0.0" });
  const asked = { host: "edge-7.pods.example:9100", "x-forwarded-for": "198.51.100.7" };
  const { status, text } = await get(metricsPort, "/metrics", asked);
  expect(status).toBe(200);
  expect(text).toContain("# TYPE edge_requests_total counter");
  expect((await get(metricsPort, "/readyz")).status).toBe(404);
  expect((await get(port, "/metrics", asked)).status).toBe(404);
});

test("a request under way is answered within the grace, then the edge ends with 0, whoever keeps a connection", async () => {
  const { child, port, exited } = await start({ CLARITY_GRACE_MS: "60000" });
  const agent = new Agent({ keepAlive: true });
  const answer = get(port, "/embed", tenant, agent);
  await expect.poll(() => held.length).toBe(1);
  child.kill("SIGTERM");
  await expect.poll(() => get(port, "/healthz").catch(({ code }) => code)).toBe("ECONNREFUSED");
  held[0]?.();
  const releasedAt = performance.now();
  // The server said nothing that means a host: what counts is that the edge waited for it and answered.
  expect((await answer).status).toBeGreaterThanOrEqual(400);
  expect(await exited).toEqual([0, null]);
  // Not only when an idle connection is given up by itself, after 5 s.
  expect(performance.now() - releasedAt).toBeLessThan(4_000);
  agent.destroy();
});

test("what is not done when the grace is over is cut, and the edge ends with 0", async () => {
  const { child, port, exited } = await start({ CLARITY_GRACE_MS: "300" });
  const cut = get(port, "/embed", tenant).catch(({ code }) => code);
  await expect.poll(() => held.length).toBe(1);
  const startedAt = performance.now();
  child.kill("SIGTERM");
  expect(await exited).toEqual([0, null]);
  expect(await cut).toBe("ECONNRESET");
  expect(performance.now() - startedAt).toBeGreaterThan(290);
});

test("while it drains it answers, says 503 to the balancer, and tells who keeps a connection to go", async () => {
  holding = false;
  const { child, port, exited } = await start({ CLARITY_DRAIN_MS: "60000" });
  const host = { host: "127.0.0.1", connection: "keep-alive" };
  expect((await get(port, "/healthz", host)).headers.connection).toBe("keep-alive");
  child.kill("SIGTERM");
  await expect.poll(async () => (await get(port, "/readyz", host)).status).toBe(503);
  expect((await get(port, "/healthz", host)).headers.connection).toBe("close");
  child.kill("SIGKILL");
  await exited;
});
