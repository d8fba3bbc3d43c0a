import { type ChildProcess, spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { type IncomingHttpHeaders, request } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type TestServer, type TestTenant, testServer } from "@clarity/server/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createBrowser } from "../testing/browser.ts";
import { writeAssets } from "../testing/rig.ts";
import { ensureEdgeKeys } from "../tokens/keys.ts";

/** Both processes as they are deployed: their environment, their keys, HTTP between them. */
let platform: TestServer;
let acme: TestTenant;
let startServer: (port?: number, more?: Record<string, string>) => Promise<Process>;
let server: Process;
let edge: Process;
let assetsDir = "";
const dir = mkdtempSync(join(tmpdir(), "edge-processes-"));

beforeAll(async () => {
  const key = generateKeyPairSync("ed25519").publicKey;
  platform = await testServer({ edgeKey: { alg: "EdDSA", key } });
  const { keyFile, publicKeyFile } = await ensureEdgeKeys(dir);
  const { registryUrl, masterKeyFile } = platform.platform.address;
  acme = await platform.createTenant("acme");
  await acme.open.settings.set("connector", null);
  assetsDir = await writeAssets();
  startServer = (port = 0, more = {}) =>
    start("server", {
      ...more,
      PORT: String(port),
      CLARITY_REGISTRY_URL: registryUrl,
      CLARITY_MASTER_KEY_FILE: masterKeyFile,
      CLARITY_EDGE_PUBLIC_KEY_FILE: publicKeyFile,
      CLARITY_ALLOWED_NETWORKS: "127.0.0.0/8",
      CLARITY_PLUGINS_DIR: join(dir, "none"),
    });
  server = await startServer();
  edge = await start("bff", {
    PORT: "0",
    CLARITY_SERVER_URL: `http://127.0.0.1:${server.port}`,
    CLARITY_EDGE_KEY_FILE: keyFile,
    CLARITY_ASSETS_DIR: assetsDir,
  });
});
afterAll(async () => {
  for (const { child } of [edge, server]) child.kill("SIGKILL");
  await platform.close();
  for (const path of [dir, assetsDir]) rmSync(path, { recursive: true, force: true });
});

interface Process {
  child: ChildProcess;
  port: number;
}

async function start(workspace: "server" | "bff", env: Record<string, string>): Promise<Process> {
  const main = new URL(`../../../${workspace}/src/main.ts`, import.meta.url).pathname;
  const child = spawn(process.execPath, [main], { env, stdio: ["pipe", "pipe", "inherit"] });
  for await (const line of createInterface({ input: child.stdout })) {
    const { msg, port } = JSON.parse(line);
    if (msg !== "listening") continue;
    child.stdout.resume();
    return { child, port };
  }
  throw new Error(`${workspace} did not start`);
}

function call(path: string, init: { method?: string; headers?: Record<string, string>; body?: string } = {}) {
  const headers = { host: "acme.localhost:4000", ...init.headers };
  return new Promise<{ status: number; headers: IncomingHttpHeaders; text: string }>((resolve, reject) => {
    request({ port: edge.port, host: "127.0.0.1", path, method: init.method ?? "GET", headers }, (answer) => {
      let text = "";
      answer
        .on("data", (chunk) => (text += chunk))
        .on("end", () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text }));
    })
      .on("error", reject)
      .end(init.body);
  });
}

async function enter() {
  const browser = await createBrowser();
  const dpop = await browser.proof({ method: "POST", url: "http://acme.localhost:4000/v1/session" });
  const body = JSON.stringify({ token: await acme.token() });
  return call("/v1/session", { method: "POST", headers: { dpop, "content-type": "application/json" }, body });
}

async function stop({ child }: Process): Promise<{ code: number; tookMs: number }> {
  const startedAt = performance.now();
  child.kill("SIGTERM");
  const [code] = await once(child, "exit");
  return { code, tookMs: performance.now() - startedAt };
}

test("a session opens through both processes; the wire names no platform and no software", async () => {
  const answer = await enter();
  expect(JSON.parse(answer.text)).toMatchObject({
    tokenType: "DPoP",
    customer: { id: "C-1" },
    messages: { pay: "Pay" },
  });
  expect(Object.keys(answer.headers)).not.toContain("server");
  expect(JSON.stringify(answer.headers)).not.toMatch(/clarity/i);
});

test("a metrics port that is taken keeps no payer out", async () => {
  const { port } = server;
  await stop(server);
  server = await startServer(port, { CLARITY_METRICS_PORT: String(edge.port) });
  expect((await enter()).status).toBe(200);
  expect(server.child.exitCode).toBe(null);
  expect(await stop(server)).toMatchObject({ code: 0 });
  server = await startServer(port);
});

test("while the server is away the form is told 503 and when to come back; then it works again", async () => {
  const { port } = server;
  expect(await stop(server)).toMatchObject({ code: 0 });
  const refused = await enter();
  expect(JSON.parse(refused.text)).toMatchObject({ code: "unavailable" });
  expect(Number(refused.headers["retry-after"])).toBeGreaterThan(0);
  server = await startServer(port);
  expect((await enter()).status).toBe(200);
});

test("what is no HTTP is dropped without a word about us", async () => {
  const socket = connect(edge.port, "127.0.0.1");
  socket.end("HELLO\r\n\r\n");
  let said = "";
  for await (const chunk of socket) said += chunk;
  expect(said).toBe("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
});

test("both stop within 5 s of being asked, with exit code 0", async () => {
  for (const process of [edge, server]) {
    const { code, tookMs } = await stop(process);
    expect(code).toBe(0);
    expect(tookMs).toBeLessThan(5_000);
  }
});
