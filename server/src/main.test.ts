import { type ChildProcess, spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type TestPlatform, testPlatform } from "./testing/index.ts";
import { temporaryFolders } from "./testing/temporary-folder.ts";

const main = fileURLToPath(new URL("main.ts", import.meta.url));
const folder = temporaryFolders();
let platform: TestPlatform;
let server: ChildProcess | undefined;
beforeAll(async () => {
  platform = await testPlatform();
});
afterEach(() => server?.kill("SIGKILL"));
afterAll(() => platform.close());

async function start(env: Record<string, string>) {
  const publicKey = join(folder(), "edge.pub.pem");
  const pem = generateKeyPairSync("ed25519").publicKey.export({ type: "spki", format: "pem" });
  writeFileSync(publicKey, pem);
  const child = spawn(process.execPath, [main], {
    env: {
      PORT: "0",
      CLARITY_REGISTRY_URL: platform.address.registryUrl,
      CLARITY_MASTER_KEY_FILE: platform.address.masterKeyFile,
      CLARITY_EDGE_PUBLIC_KEY_FILE: publicKey,
      CLARITY_PLUGINS_DIR: join(folder(), "none"),
      ...env,
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  server = child;
  let port = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    ({ port = port } = JSON.parse(line));
    if (port > 0) break;
  }
  child.stdout.resume();
  return { child, port, exited: once(child, "exit") };
}

test("what is not done when the grace is over is cut, and the server ends with 0", async () => {
  const { child, port, exited } = await start({ CLARITY_GRACE_MS: "700" });
  // A request that never ends.
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {}).write("GET /healthz HTTP/1.1\r\n");
  await once(socket, "connect");
  const startedAt = performance.now();
  child.kill("SIGTERM");
  expect(await exited).toEqual([0, null]);
  expect(performance.now() - startedAt).toBeGreaterThan(690);
  expect(performance.now() - startedAt).toBeLessThan(4_500);
});

test("while it drains it answers, says 503 to the balancer, and tells an edge that keeps a connection to go", async () => {
  const { child, port, exited } = await start({ CLARITY_DRAIN_MS: "60000" });
  const get = (path: string) => fetch(`http://127.0.0.1:${port}${path}`);
  await expect.poll(async () => (await get("/readyz")).status, { timeout: 15_000 }).toBe(200);
  child.kill("SIGTERM");
  await expect.poll(async () => (await get("/readyz")).status).toBe(503);
  const alive = await get("/healthz");
  expect([alive.status, alive.headers.get("connection")]).toEqual([200, "close"]);
  child.kill("SIGKILL");
  await exited;
});
