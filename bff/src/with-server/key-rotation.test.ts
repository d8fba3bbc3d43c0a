import { type ChildProcess, spawn } from "node:child_process";
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import {
  type CountingProvider,
  freePort,
  startCountingProvider,
  type TestServer,
  type TestTenant,
  testServer,
} from "@clarity/server/testing";
import { decodeProtectedHeader } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Browser, createBrowser } from "../testing/browser.ts";
import { writeAssets } from "../testing/rig.ts";
import { ensureEdgeKeys } from "../tokens/keys.ts";

/** Two edges and two servers as they are deployed, each edge with a copy of the key file of its own. */
const dir = mkdtempSync(join(tmpdir(), "key-rotation-"));
const keyFiles = [join(dir, "edge-1.pem"), join(dir, "edge-2.pem")] as const;
let platform: TestServer;
let acme: TestTenant;
let provider: CountingProvider;
let publicKeyFile: string;
let assetsDir = dir;
let servers: Process[];
const edges: Process[] = [];

interface Process {
  child: ChildProcess;
  port: number;
}

beforeAll(async () => {
  const key = generateKeyPairSync("ed25519").publicKey;
  platform = await testServer({ edgeKey: { alg: "EdDSA", key } });
  acme = await platform.createTenant("acme");
  provider = await startCountingProvider();
  await setUp(acme, provider.baseUrl);
  assetsDir = await writeAssets();
  const made = await ensureEdgeKeys(dir);
  publicKeyFile = made.publicKeyFile;
  for (const file of keyFiles) writeFileSync(file, readFileSync(made.keyFile));
  servers = await Promise.all([startServer(), startServer()]);
  edges.push(...(await Promise.all([startEdge(0), startEdge(1)])));
}, 60_000);
afterAll(async () => {
  for (const { child } of [...edges, ...(servers ?? [])]) child.kill("SIGKILL");
  provider?.close();
  await platform?.close();
  for (const path of [dir, assetsDir]) rmSync(path, { recursive: true, force: true });
});

/** Twenty invoices that no test can pay off, and nobody to ask about them. */
async function setUp({ open }: TestTenant, baseUrl: string): Promise<void> {
  const frameUrl = `${baseUrl}/card`;
  await open.settings.set("provider", { id: "sandbox", baseUrl, frameUrl, publishableKey: "pk" });
  await open.settings.set("connector", null);
  await open.settings.set("surcharge.rules", []);
  const tenantId = open.tenant.id;
  await open.db.query`
    insert into pay.customers (tenant_id, id, name, synced_at)
    values (${tenantId}::uuid, 'C-1', 'Wayne', now() + interval '1 day') returning tenant_id`;
  await open.db.query`
    insert into pay.invoices (tenant_id, id, customer_id, number, currency, total_minor, open_minor, issued_on, due_on, synced_at)
    select ${tenantId}::uuid, 'inv-' || n, 'C-1', 'INV-' || n, 'USD', 1e15, 1e15, current_date, current_date + n, now()
    from generate_series(1, 20) n returning tenant_id`;
}

function startServer(): Promise<Process> {
  const { registryUrl, masterKeyFile } = platform.platform.address;
  return start("server", {
    PORT: "0",
    CLARITY_REGISTRY_URL: registryUrl,
    CLARITY_MASTER_KEY_FILE: masterKeyFile,
    CLARITY_EDGE_PUBLIC_KEY_FILE: publicKeyFile,
    CLARITY_ALLOWED_NETWORKS: "127.0.0.0/8",
    CLARITY_PLUGINS_DIR: join(dir, "none"),
  });
}

async function startEdge(which: 0 | 1, port = 0): Promise<Process> {
  return start("bff", {
    PORT: String(port || (await freePort())),
    CLARITY_SERVER_URL: `http://127.0.0.1:${servers[which]?.port}`,
    CLARITY_EDGE_KEY_FILE: keyFiles[which],
    CLARITY_ASSETS_DIR: assetsDir,
  });
}

async function start(workspace: "server" | "bff", env: Record<string, string>): Promise<Process> {
  const main = new URL(`../../../${workspace}/src/main.ts`, import.meta.url).pathname;
  const cache = { NODE_COMPILE_CACHE: join(dir, "cache") };
  const child = spawn(process.execPath, [main], {
    env: { ...cache, ...env },
    stdio: ["pipe", "pipe", "inherit"],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const { msg, port } = JSON.parse(line);
    if (msg !== "listening") continue;
    child.stdout.resume();
    return { child, port };
  }
  throw new Error(`${workspace} did not start`);
}

/** As a copy arrives that was moved into place. */
function put(file: string, text: string): void {
  writeFileSync(`${file}.new`, text, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

interface Payer {
  browser: Browser;
  accessToken: string;
}
interface Answer {
  status: number;
  body: { state?: string; code?: string; accessToken?: string };
}

const agent = new Agent({ keepAlive: true, maxSockets: 64 });
let turn = 0;

/** One request through the edge whose turn it is; an edge that is not there is passed over, as a balancer does. */
async function call(payer: Payer, method: string, path: string, body?: unknown): Promise<Answer> {
  for (const _ of edges) {
    turn++;
    const { port } = edges[turn % edges.length] as Process;
    const answer = await callAt(port, { payer, method, path, body }).catch(() => null);
    if (answer) return answer;
  }
  return { status: 503, body: {} };
}

async function callAt(
  port: number,
  { payer, method, path, body }: { payer: Payer; method: string; path: string; body?: unknown },
): Promise<Answer> {
  const host = "acme.localhost:4000";
  const { browser, accessToken } = payer;
  const dpop = await browser.proof({
    method,
    url: `http://${host}${path}`,
    ...(accessToken && { accessToken }),
  });
  const authorization = accessToken ? { authorization: `DPoP ${accessToken}` } : {};
  const headers = { host, dpop, "content-type": "application/json", ...authorization };
  return new Promise((resolve, reject) => {
    request({ agent, port, host: "127.0.0.1", path, method, headers }, (answer) => {
      let text = "";
      answer
        .on("data", (chunk) => (text += chunk))
        .on("end", () => resolve({ status: answer.statusCode ?? 0, body: JSON.parse(text) }))
        .on("error", reject);
    })
      .on("error", reject)
      .end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** @param edge where the session is opened; it is used at both */
async function enter(edge: 0 | 1): Promise<Payer> {
  const payer = { browser: await createBrowser(), accessToken: "" };
  const body = { token: await acme.token(), locales: ["en"] };
  const port = edges[edge]?.port ?? 0;
  const answer = await callAt(port, { payer, method: "POST", path: "/v1/session", body });
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return { ...payer, accessToken: answer.body.accessToken ?? "" };
}

/** As the form does it: one id, posted until it is answered, then asked for until it has ended. @returns how it ended */
async function pay(payer: Payer, invoice: number): Promise<{ id: string; ended: string }> {
  const id = randomUUID();
  const order = {
    ...{ id, currency: "USD", lines: [{ invoiceId: `inv-${invoice}`, amountMinor: "100" }] },
    ...{ method: { type: "card", token: "tok_success" }, shown: { surchargeMinor: "0", totalMinor: "100" } },
  };
  let known = false;
  for (;;) {
    const { status, body } = known
      ? await call(payer, "GET", `/v1/payments/${id}`)
      : await call(payer, "POST", "/v1/payments", order);
    if (body.state === "captured" || body.state === "declined") return { id, ended: body.state };
    if (status < 300) known = true;
    else if (status !== 503 && status !== 409 && status !== 429)
      return { id, ended: body.code ?? String(status) };
    await delay(100);
  }
}

const perSecond = 20;
const seconds = 9;

/** Steps of README.md; no process but the first edge is started anew. */
async function rotate(sessions: (payer: Payer) => void): Promise<void> {
  const next = generateKeyPairSync("ed25519");
  const former = readFileSync(keyFiles[0], "utf8");
  const nextPem = String(next.privateKey.export({ type: "pkcs8", format: "pem" }));
  const publicPem = String(next.publicKey.export({ type: "spki", format: "pem" }));
  await delay(1_000);
  put(publicKeyFile, readFileSync(publicKeyFile, "utf8") + publicPem);
  await delay(1_000);
  put(keyFiles[1], former + nextPem);
  put(keyFiles[0], nextPem + former);
  // As a roll-out would; the other one reads its file when it meets what this one has signed.
  const [first] = edges as [Process];
  first.child.kill("SIGTERM");
  await once(first.child, "exit");
  edges[0] = await startEdge(0, first.port);
  for (let n = 0; n < 5; n++) sessions(await enter(0));
  await delay(500);
  put(keyFiles[1], nextPem + former);
}

test("a rotation of the edge's key under 20 payments a second loses none, doubles none, ends no session", async () => {
  const before = await Promise.all(Array.from({ length: perSecond }, (_, n) => enter((n % 2) as 0 | 1)));
  const payers = [...before];
  const rotating = rotate((payer) => payers.push(payer));
  const began = performance.now();
  const paying: Promise<{ id: string; ended: string }>[] = [];
  for (let n = 0; n < perSecond * seconds; n++) {
    await delay(Math.max(0, began + (n * 1_000) / perSecond - performance.now()));
    paying.push(pay(payers[n % payers.length] as Payer, 1 + (n % 20)));
  }
  const [paid] = await Promise.all([Promise.all(paying), rotating]);

  expect(
    Map.groupBy(paid, ({ ended }) => ended)
      .keys()
      .toArray(),
  ).toEqual(["captured"]);
  const rows = await acme.open.db.query<{ tenant_id: string; id: string; state: string; attempts: string[] }>`
    select p.tenant_id, p.id, p.state, array(select a.id::text from pay.attempts a where a.payment_id = p.id) as attempts
    from pay.payments p`;
  const captured = new Set(rows.filter(({ state }) => state === "captured").map(({ id }) => id));
  const taken = provider.captured();
  expect(paid.filter(({ id }) => !captured.has(id))).toEqual([]);
  const times = rows.map(({ attempts }) => attempts.filter((id) => taken.includes(id)).length);
  expect({ payments: rows.length, taken: taken.length, doubled: times.filter((n) => n > 1).length }).toEqual({
    ...{ payments: perSecond * seconds, taken: perSecond * seconds, doubled: 0 },
  });

  // Sessions of either key, at both edges.
  for (const payer of payers) {
    for (const { port } of edges) {
      const answer = await callAt(port, { payer, method: "GET", path: "/v1/invoices" });
      expect(answer.status, JSON.stringify(answer.body)).toBe(200);
    }
  }
  const signers = payers.map(({ accessToken }) => decodeProtectedHeader(accessToken).kid);
  expect(new Set(signers).size).toBe(2);
}, 60_000);
