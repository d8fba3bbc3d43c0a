import { type ChildProcess, spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import {
  type CountingProvider,
  connect,
  startCountingProvider,
  type TestServer,
  type TestTenant,
  testServer,
} from "@clarity/server/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { addressOf, integrityOf, scriptsOf, writeBuild } from "../testing/builds.ts";
import { type Answer, Payer, type Send, sendTo } from "../testing/payer.ts";
import { type EdgeKeyFiles, ensureEdgeKeys } from "../tokens/keys.ts";

/**
 * A release of edge and form, with a new key of the edge, while customers pay, as it is deployed: a server, edges behind
 * one name, one folder of builds. What happens during the load is the list `steps` of the test.
 */
const host = "acme.localhost:4000";
const rate = 20;
const loadMs = 12_000;
/** A payment is followed no longer than this, ms. */
const withinMs = 20_000;

const dir = mkdtempSync(join(tmpdir(), "roll-out-"));
const builds = join(dir, "builds");
/** Most of a process' start would be stripping types. */
const cache = { NODE_COMPILE_CACHE: join(dir, "cache") };
const former = scriptsOf("1.0.0");
let platform: TestServer;
let acme: TestTenant;
let provider: CountingProvider;
let server: Process;
let edgeEnv: Record<string, string>;
let keyFiles: EdgeKeyFiles;
/** Edges the balancer knows of. */
const edges = new Set<Process>();
const started: Process[] = [];

interface Process {
  child: ChildProcess;
  port: number;
  /** As the balancer last heard. */
  ready: boolean;
}

beforeAll(async () => {
  const key = generateKeyPairSync("ed25519").publicKey;
  platform = await testServer({ edgeKey: { alg: "EdDSA", key } });
  provider = await startCountingProvider();
  acme = await platform.createTenant("acme");
  await prepare(acme);
  keyFiles = await ensureEdgeKeys(dir);
  const { keyFile, publicKeyFile } = keyFiles;
  const { registryUrl, masterKeyFile } = platform.platform.address;
  server = await start("server", {
    CLARITY_REGISTRY_URL: registryUrl,
    CLARITY_MASTER_KEY_FILE: masterKeyFile,
    CLARITY_EDGE_PUBLIC_KEY_FILE: publicKeyFile,
    CLARITY_ALLOWED_NETWORKS: "127.0.0.0/8",
    CLARITY_PLUGINS_DIR: join(dir, "none"),
  });
  await writeBuild(join(builds, "1.0.0"), { version: "1.0.0", scripts: former });
  edgeEnv = {
    CLARITY_SERVER_URL: `http://127.0.0.1:${server.port}`,
    CLARITY_EDGE_KEY_FILE: keyFile,
    CLARITY_ASSETS_DIR: builds,
    CLARITY_DRAIN_MS: "1000",
  };
}, 120_000);
afterAll(async () => {
  for (const { child } of started) child.kill("SIGKILL");
  provider?.close();
  await platform?.close();
  rmSync(dir, { recursive: true, force: true });
});

/** Invoices that no run uses up, and the provider that counts. */
async function prepare({ open }: TestTenant): Promise<void> {
  await open.settings.set("connector", null);
  await open.settings.set("surcharge.rules", []);
  const { baseUrl } = provider;
  await open.settings.set("provider", {
    id: "sandbox",
    baseUrl,
    frameUrl: `${baseUrl}/card`,
    publishableKey: "pk",
  });
  const sql = connectTo(open.record.database.name);
  const tenantId = open.tenant.id;
  await sql`
    insert into pay.customers (tenant_id, id, name, synced_at)
    values (${tenantId}, 'C-9', 'Roll-out', now() + interval '1 day')`;
  await sql`
    insert into pay.invoices (tenant_id, id, customer_id, number, currency, total_minor, open_minor, issued_on, due_on, synced_at)
    select ${tenantId}::uuid, 'inv-' || n, 'C-9', 'INV-' || n, 'USD', 1e15, 1e15, current_date - 30, current_date + n, now()
    from generate_series(1, ${rate}) n`;
  await sql.end();
}

function connectTo(database: string) {
  const url = new URL(platform.platform.address.adminUrl);
  url.pathname = `/${database}`;
  return connect({ url: url.href, max: 1 });
}

async function start(workspace: "server" | "bff", env: Record<string, string>): Promise<Process> {
  const main = new URL(`../../../${workspace}/src/main.ts`, import.meta.url).pathname;
  const child = spawn(process.execPath, [main], {
    env: { ...cache, PORT: "0", LOG_LEVEL: "info", ...env },
    stdio: ["pipe", "pipe", "inherit"],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const { msg, port } = JSON.parse(line);
    if (msg !== "listening") continue;
    child.stdout.resume();
    const process = { child, port, ready: true };
    started.push(process);
    return process;
  }
  throw new Error(`${workspace} did not start`);
}

async function startEdge(): Promise<Process> {
  const edge = await start("bff", edgeEnv);
  edges.add(edge);
  return edge;
}

/** README.md, "Keys": servers believe the new one first, then edges know it, then it signs. Files move into place. */
function newEdgeKey() {
  const { keyFile, publicKeyFile } = keyFiles;
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const former = readFileSync(keyFile, "utf8");
  const next = String(privateKey.export({ type: "pkcs8", format: "pem" }));
  const put = (file: string, text: string) => {
    writeFileSync(`${file}.new`, text, { mode: 0o600 });
    renameSync(`${file}.new`, file);
  };
  return {
    async add() {
      const its = String(publicKey.export({ type: "spki", format: "pem" }));
      put(publicKeyFile, readFileSync(publicKeyFile, "utf8") + its);
      put(keyFile, former + next);
    },
    async use() {
      put(keyFile, next + former);
    },
  };
}

/** As an orchestrator does it: the process says that it is not ready, the balancer hears of it, it ends. */
async function stopEdge(edge: Process): Promise<void> {
  edge.child.kill("SIGTERM");
  const [code] = await once(edge.child, "exit");
  edges.delete(edge);
  expect(code).toBe(0);
}

/** Asks every edge whether it is ready, as often as a balancer does. */
function watchReadiness(): () => void {
  const timer = setInterval(() => {
    for (const edge of edges) {
      sendTo(
        edge.port,
        "127.0.0.1",
      )("/readyz").then(
        ({ status }) => {
          edge.ready = status === 200;
        },
        (error: NodeJS.ErrnoException) => {
          // One that listens and was slow to answer is not gone.
          if (error.code === "ECONNREFUSED") edge.ready = false;
        },
      );
    }
  }, 100);
  return () => clearInterval(timer);
}

/** Round and round those that are ready. `apart`: another than the last one asked, where there is another. */
let turn = 0;
const balanced: Send = async (path, init) => {
  const ready = [...edges].filter((edge) => edge.ready);
  const edge = ready[turn++ % ready.length];
  if (!edge) throw new Error("no edge is ready");
  return sendTo(edge.port, host)(path, init);
};

/** A page of an edge, whose scripts come from whichever edge is next. @returns what would keep it from running */
async function loadPage(): Promise<string[]> {
  const page = await balanced("/embed");
  const scripts = [...page.text.matchAll(/ src="([^"]+)" integrity="([^"]+)"/g)];
  const faults = page.status === 200 && scripts.length === 2 ? [] : [`/embed: ${page.status}`];
  for (const [, src = "", integrity] of scripts) {
    const answer = await balanced(src);
    if (answer.status !== 200 || integrityOf(answer.text) !== integrity)
      faults.push(`${src}: ${answer.status}`);
  }
  return faults;
}

/** A page of an ERP, which was pinned to the former form, by version and by content. */
async function loadPinned(): Promise<string[]> {
  const text = former["pay-form.js"] ?? "";
  const paths = ["/v/1.0.0/pay-form.js", `/v/${addressOf(text)}/pay-form.js`];
  const answers: [string, Answer][] = await Promise.all(
    paths.map(async (path) => [path, await balanced(path)] as [string, Answer]),
  );
  return answers
    .filter(([, answer]) => answer.text !== text)
    .map(([path, { status }]) => `${path}: ${status}`);
}

test("two versions of the form and two keys of two edges under 20 payments a second: none lost, none doubled, no session lost", async () => {
  const old = await startEdge();
  const stopWatching = watchReadiness();
  const enter = async () =>
    Payer.enter({ send: balanced, host, embedToken: await acme.token({ sub: "C-9" }) });
  const payers = await Promise.all(Array.from({ length: rate }, enter));
  const seenEdges = new Set<string>();
  const key = newEdgeKey();

  const steps: { atMs: number; name: string; take: () => Promise<unknown> }[] = [
    { atMs: 500, name: "servers and edges learn of a new key", take: key.add },
    { atMs: 2_000, name: "the new key signs", take: key.use },
    {
      atMs: 2_500,
      name: "the new form is released into the folder, and a new edge comes",
      async take() {
        await writeBuild(join(builds, "1.1.0"), { version: "1.1.0", scripts: scriptsOf("1.1.0") });
        await startEdge();
      },
    },
    { atMs: 7_000, name: "the old edge goes", take: () => stopEdge(old) },
  ];

  const beganAt = performance.now();
  const soFarMs = () => performance.now() - beganAt;
  // One after the other, as an orchestrator does it: the old edge goes once the new one is there, however long that takes.
  const rollOut = (async () => {
    for (const { atMs, take } of steps) {
      await delay(Math.max(0, atMs - soFarMs()));
      await take();
    }
  })();
  const faults: string[] = [];
  const pages = (async () => {
    while (soFarMs() < loadMs) {
      faults.push(...(await loadPage()), ...(await loadPinned()));
      payers.push(await enter());
      seenEdges.add([...edges].map(({ port }) => port).join("+"));
      await delay(250);
    }
  })();
  const payments: Promise<{ id: string; end: string }>[] = [];
  for (let n = 0; n < (rate * loadMs) / 1_000; n++) {
    await delay(Math.max(0, (n * 1_000) / rate - soFarMs()));
    const payer = payers[n % payers.length] ?? expect.fail("no payer");
    payments.push(payer.pay({ invoiceId: `inv-${1 + (n % rate)}`, amountMinor: "100", withinMs }));
  }
  const [paid] = await Promise.all([Promise.all(payments), pages, rollOut]);
  // Those who came before the release, while it was, and after it.
  const sessions = await Promise.all(payers.map((payer) => payer.call("GET", "/v1/invoices")));
  stopWatching();

  expect(faults).toEqual([]);
  expect(seenEdges.size, "pages were loaded from the old edge, from both, and from the new one").toBe(3);
  expect(tally(paid.map(({ end }) => end))).toEqual({ captured: (rate * loadMs) / 1_000 });
  expect(tally(sessions.map(({ status }) => String(status)))).toEqual({ 200: payers.length });
  expect(new Set(payers.map(({ keyId }) => keyId)).size, "keys that signed sessions").toBe(2);
  expect(await books(paid.map(({ id }) => id))).toEqual({ lost: 0, doubled: 0, forNobody: 0 });
}, 120_000);

const tally = (words: readonly string[]): Record<string, number> =>
  Object.fromEntries(
    Object.entries(Object.groupBy(words, (word) => word)).map(([word, all = []]) => [word, all.length]),
  );

/** What payers were told, what the provider took and what the tenant's database says must be one thing. */
async function books(paid: readonly string[]) {
  const sql = connectTo(acme.open.record.database.name);
  const rows = await sql<{ id: string; state: string; attempts: string[] }[]>`
    select p.id, p.state, array(select a.id::text from pay.attempts a where a.payment_id = p.id) as attempts
    from pay.payments p`;
  await sql.end();
  const taken = provider.captured();
  const booked = new Map(rows.map((row) => [row.id, row]));
  const known = new Set(rows.flatMap(({ attempts }) => attempts));
  return {
    lost: paid.filter((id) => booked.get(id)?.state !== "captured").length,
    doubled: rows.filter(({ attempts }) => attempts.filter((id) => taken.includes(id)).length !== 1).length,
    forNobody: taken.filter((reference) => !known.has(reference)).length,
  };
}
