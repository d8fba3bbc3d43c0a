import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { addressOf, scriptsOf, writeBuild } from "../testing/builds.ts";
import { codeOf } from "../testing/code-of.ts";
import { createRig, type Rig } from "../testing/rig.ts";

/** An object store that can be lied in, slowed and taken away. */
let dir = "";
let server: Server;
let storeUrl = "";
let asked: string[] = [];
/** Replaces answers. */
let instead: ((path: string) => { status?: number; body?: string; location?: string } | null) | null = null;
const rigs: Rig[] = [];
const host = "acme.localhost";
const text = scriptsOf("2.0.0")["pay-form.js"] ?? "";
const path = `/v/${addressOf(text)}/pay-form.js`;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "store-"));
  asked = [];
  instead = null;
  server = createServer(async (request, response) => {
    const path = request.url ?? "";
    asked.push(path);
    const lie = instead?.(path);
    if (lie) {
      response.writeHead(lie.status ?? 200, lie.location ? { location: lie.location } : {});
      return response.end(lie.body ?? "");
    }
    const content = path.endsWith("/index.json")
      ? await index()
      : await readFile(join(dir, path)).catch(() => null);
    if (content === null) return response.writeHead(404).end();
    const etag = `"${addressOf(String(content))}"`;
    if (request.headers["if-none-match"] === etag) return response.writeHead(304).end();
    response.writeHead(200, { etag }).end(content);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  storeUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  for (const rig of rigs.splice(0)) await rig.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(dir, { recursive: true, force: true });
});

const release = (version: string) => writeBuild(join(dir, version), { version, scripts: scriptsOf(version) });

async function index(): Promise<string> {
  const versions = (await readdir(dir)).sort();
  const manifests = versions.map((name) => readFile(join(dir, name, "manifest.json"), "utf8"));
  return JSON.stringify({ builds: (await Promise.all(manifests)).map((one) => JSON.parse(one)) });
}

async function edgeOf(options: Parameters<typeof createRig>[0] = {}): Promise<Rig> {
  const rig = await createRig({ assetsUrl: storeUrl, ...options });
  rigs.push(rig);
  return rig;
}

const bytesAt = async (rig: Rig, at: string): Promise<string> => {
  const answer = await rig.call(host, at);
  return answer.ok ? answer.text() : codeOf(answer);
};
const eventually = { timeout: 6_000, interval: 50 };

test("what the folder lacks is had from the store, by content and by version, once", async () => {
  const rig = await edgeOf();
  await release("2.0.0");
  expect(await bytesAt(rig, path)).toBe(text);
  for (const at of [path, path, "/v/2.0.0/pay-form.js"]) expect(await bytesAt(rig, at)).toBe(text);
  expect(asked.filter((one) => one === "/2.0.0/pay-form.js")).toHaveLength(1);
  // The folder's own build is what the edge's own page uses, however new the store's are.
  expect(await (await rig.call(host, "/embed")).text()).not.toContain(path);
});

test("an edge without a folder lives of the store alone, and goes on when it is gone", async () => {
  await release("2.0.0");
  const rig = await edgeOf({ assetsDir: null });
  server.closeAllConnections();
  instead = () => ({ status: 500 });
  expect(await (await rig.call(host, "/embed")).text()).toContain(path);
  expect(await bytesAt(rig, path)).toBe(text);
  expect((await rig.enter(host)).session.messages).toEqual({ pay: "Pay" });
});

test("bytes that are not those of the address are not served, until the store has the right ones", async () => {
  await release("2.0.0");
  instead = (at) => (at === "/2.0.0/pay-form.js" ? { body: `${text};steal()` } : null);
  const rig = await edgeOf();
  expect(await bytesAt(rig, path)).toBe("unavailable");
  expect(await bytesAt(rig, path)).toBe("unavailable");
  expect(asked.filter((one) => one === "/2.0.0/pay-form.js")).toHaveLength(1);
  instead = null;
  await expect.poll(() => bytesAt(rig, path), eventually).toBe(text);
});

test("where the folder's copy is damaged, the store's is served", async () => {
  await release("1.2.3");
  const own = scriptsOf("1.2.3")["pay-form.js"] ?? "";
  await release("2.0.0");
  const folder = await mkdtemp(join(tmpdir(), "builds-"));
  await writeBuild(folder, { version: "1.0.0", scripts: scriptsOf("1.0.0") });
  await writeBuild(join(folder, "1.2.3"), { version: "1.2.3", scripts: scriptsOf("1.2.3") });
  await rm(join(folder, "1.2.3", "pay-form.js"));
  const rig = await edgeOf({ assetsDir: folder });
  expect(await bytesAt(rig, "/v/1.2.3/pay-form.js")).toBe(own);
  await rm(folder, { recursive: true });
});

test.each([
  ["an error", { status: 500 }],
  ["a page", { body: "<h1>Access denied</h1>" }],
  ["a detour", { status: 302, location: "https://evil.example/index.json" }],
  ["no builds", { body: '{"builds":{}}' }],
  ["more than a file may hold", { body: `"${"x".repeat(3_000_000)}"` }],
])(
  "while the index is %s, what is unknown is 503 and not 404, and what is known is served",
  async (_, lie) => {
    instead = (at) => (at === "/index.json" ? lie : null);
    const rig = await edgeOf();
    expect(await bytesAt(rig, path)).toBe("unavailable");
    expect(await bytesAt(rig, "/v/1.2.3/pay-form.js")).toContain("use strict");
    instead = null;
    await release("2.0.0");
    await expect.poll(() => bytesAt(rig, path), eventually).toBe(text);
  },
);

test("a flood of unknown addresses asks the store once a second, and for nothing but its index", async () => {
  const rig = await edgeOf();
  asked = [];
  const startedAt = performance.now();
  const unknown = (n: number) => `/v/${addressOf(String(n))}/pay-form.js`;
  for (let round = 0; round < 3; round++) {
    await Promise.all(Array.from({ length: 50 }, (_, n) => bytesAt(rig, unknown(50 * round + n))));
  }
  const seconds = (performance.now() - startedAt) / 1_000;
  expect(asked.length).toBeLessThanOrEqual(Math.ceil(seconds) + 1);
  expect(new Set(asked)).toEqual(new Set(["/index.json"]));
});

test("a path in the store's index that climbs is no path of a build", async () => {
  await release("2.0.0");
  const lied = JSON.parse(await index());
  lied.builds[0].files["pay-form.js"].path = "../secrets.js";
  instead = (at) => (at === "/index.json" ? { body: JSON.stringify(lied) } : null);
  const rig = await edgeOf();
  expect(await bytesAt(rig, path)).toBe("not_found");
  expect(asked.some((one) => one.includes("secrets"))).toBe(false);
});
