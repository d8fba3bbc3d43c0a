import { type ChildProcess, execFile, spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { writeInstance } from "@clarity/server/operate";
import { freePort, newerBuild, type TestServer, type TestTenant, testServer } from "@clarity/server/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createBrowser } from "../testing/browser.ts";
import { writeAssets } from "../testing/rig.ts";
import { ensureEdgeKeys } from "../tokens/keys.ts";

/**
 * Two builds of the server behind one edge, as they are deployed: today's, and a later release with a migration more
 * and other words. A code freeze keeps one tenant where the others leave.
 */
const today = fileURLToPath(new URL("../../../server/src", import.meta.url));
const dir = mkdtempSync(join(tmpdir(), "two-versions-"));
/** Most of a process' start would be stripping types. */
const cache = { NODE_COMPILE_CACHE: join(dir, "cache") };
let later: string;
let platform: TestServer;
let tenants: Record<"acme" | "globex", TestTenant>;
let serverEnv: Record<string, string>;
let shared: Process;
let frozen: Process;
let edge: Process;
let assetsDir = dir;

interface Process {
  child: ChildProcess;
  port: number;
}

beforeAll(async () => {
  mkdirSync(join(dir, "later"));
  later = newerBuild({
    folder: join(dir, "later"),
    later: [{ name: "channel", up: "alter table pay.payments add column channel text;" }],
    patches: [
      {
        file: "sessions/open-session.ts",
        from: "seller: await sellerOf(ctx),",
        // biome-ignore lint/suspicious/noTemplateCurlyInString: it is source text
        to: "seller: await sellerOf(ctx).then((it) => ({ ...it, name: `${it.name}, by the later release` })),",
      },
    ],
  });
  const key = generateKeyPairSync("ed25519").publicKey;
  platform = await testServer({ edgeKey: { alg: "EdDSA", key } });
  tenants = { acme: await platform.createTenant("acme"), globex: await platform.createTenant("globex") };
  for (const { open } of Object.values(tenants)) await open.settings.set("connector", null);
  writeInstance(dir, platform.platform.address);
  assetsDir = await writeAssets();
  const { keyFile, publicKeyFile } = await ensureEdgeKeys(dir);
  const { registryUrl, masterKeyFile } = platform.platform.address;
  serverEnv = {
    CLARITY_REGISTRY_URL: registryUrl,
    CLARITY_MASTER_KEY_FILE: masterKeyFile,
    CLARITY_EDGE_PUBLIC_KEY_FILE: publicKeyFile,
    CLARITY_ALLOWED_NETWORKS: "127.0.0.0/8",
    CLARITY_PLUGINS_DIR: join(dir, "none"),
  };
  const [sharedPort, ownPort] = [await freePort(), await freePort()];
  shared = await start(today, { ...serverEnv, PORT: String(sharedPort), CLARITY_VERSION: "2026.11" });
  frozen = await start(today, {
    ...serverEnv,
    PORT: String(ownPort),
    CLARITY_AUDIENCE: `http://127.0.0.1:${ownPort}`,
    CLARITY_VERSION: "2026.11",
  });
  edge = await start(fileURLToPath(new URL("..", import.meta.url)), {
    PORT: "0",
    CLARITY_SERVER_URL: `http://127.0.0.1:${sharedPort}`,
    CLARITY_EDGE_KEY_FILE: keyFile,
    CLARITY_ASSETS_DIR: assetsDir,
  });
}, 120_000);
afterAll(async () => {
  for (const process of [edge, shared, frozen]) process?.child.kill("SIGKILL");
  await platform?.close();
  for (const path of [dir, assetsDir]) rmSync(path, { recursive: true, force: true });
});

async function start(src: string, env: Record<string, string>): Promise<Process> {
  const child = spawn(process.execPath, [join(src, "main.ts")], {
    env: { ...cache, ...env },
    stdio: ["pipe", "pipe", "inherit"],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const { msg, port } = JSON.parse(line);
    if (msg !== "listening") continue;
    child.stdout.resume();
    return { child, port };
  }
  throw new Error(`${src} did not start`);
}

async function stop({ child }: Process): Promise<void> {
  child.kill("SIGTERM");
  await once(child, "exit");
}

/** The command line of a build. */
async function clarity(src: string, ...args: string[]) {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [join(src, "cli/clarity.ts"), ...args, "--json"],
    {
      env: { ...cache, CLARITY_DATA_DIR: dir },
    },
  );
  return JSON.parse(stdout);
}

const patient = { timeout: 15_000, interval: 100 };

/** What a payer of the tenant is told: the seller's name, or the code of why not. */
async function enter(slug: "acme" | "globex"): Promise<string> {
  const browser = await createBrowser();
  const host = `${slug}.localhost:4000`;
  const dpop = await browser.proof({ method: "POST", url: `http://${host}/v1/session` });
  const body = JSON.stringify({ token: await tenants[slug].token() });
  const text = await new Promise<string>((resolve, reject) => {
    const headers = { host, dpop, "content-type": "application/json" };
    request(
      { port: edge.port, host: "127.0.0.1", path: "/v1/session", method: "POST", headers },
      (answer) => {
        let said = "";
        answer.on("data", (chunk) => (said += chunk)).on("end", () => resolve(said));
      },
    )
      .on("error", reject)
      .end(body);
  });
  const { seller, code } = JSON.parse(text);
  return seller?.name ?? code;
}

test("a pinned tenant keeps its release and schema while the others move on, until it is unpinned", async () => {
  expect([await enter("acme"), await enter("globex")]).toEqual(["acme Ltd", "globex Ltd"]);

  const own = `http://127.0.0.1:${frozen.port}`;
  const pin = ["tenant", "pin", "acme", "--reason", "year-end freeze", "--until", "2999-01-07"];
  await expect(clarity(today, ...pin, "--version", "2025.01")).rejects.toThrow("no instance of its own");
  await expect.poll(async () => (await clarity(today, "instance", "list")).length, patient).toBe(2);
  expect(await clarity(today, ...pin, "--version", "2026.11")).toMatchObject({ instance: own });
  // The edge has thought since a moment ago that the shared servers have it.
  expect(await enter("acme")).toBe("acme Ltd");

  const { tenants: migrated } = await clarity(later, "migrate");
  expect(migrated).toMatchObject([
    { slug: "acme", outcome: "pinned" },
    { slug: "globex", outcome: "done" },
  ]);
  await stop(shared);
  shared = await start(later, { ...serverEnv, PORT: String(shared.port), CLARITY_VERSION: "2026.12" });
  expect([await enter("acme"), await enter("globex")]).toEqual([
    "acme Ltd",
    "globex Ltd, by the later release",
  ]);
  await expect
    .poll(async () => {
      const living = await clarity(today, "instance", "list");
      return living.map(({ audience, version }: Record<string, string>) => [audience, version]);
    }, patient)
    .toEqual([
      [own, "2026.11"],
      ["shared", "2026.12"],
    ]);

  await stop(frozen);
  expect([await enter("acme"), await enter("globex")]).toEqual([
    "unavailable",
    "globex Ltd, by the later release",
  ]);
  frozen = await start(today, {
    ...serverEnv,
    PORT: String(frozen.port),
    CLARITY_AUDIENCE: own,
    CLARITY_VERSION: "2026.11",
  });
  expect(await enter("acme")).toBe("acme Ltd");

  // The later release cannot read its schema yet.
  const unpinned = await clarity(later, "tenant", "unpin", "acme");
  expect(unpinned).toMatchObject({ instance: own, stays: expect.stringContaining("acme is at schema") });
  await clarity(later, "migrate");
  expect(await enter("acme")).toBe("acme Ltd");
  await clarity(later, "tenant", "move", "acme", "--instance", "shared");
  expect(await enter("acme")).toBe("acme Ltd, by the later release");
}, 90_000);
