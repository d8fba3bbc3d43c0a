/** `npm run bench`: figures as ratios, both sides measured in turn in one run. */
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { createLogger, type Operator, openOperator, preparePlatform } from "@clarity/server";
import { removeEmbeddedPostgres, startEmbeddedPostgres } from "@clarity/server/embedded-postgres";
import { creation } from "./bench/creation.ts";
import { flood } from "./bench/fleet/flood.ts";
import { isolation } from "./bench/fleet/isolation.ts";
import { customerId, payingTenant } from "./bench/fleet/paying-tenant.ts";
import { promote } from "./bench/fleet/promote.ts";
import { thousand } from "./bench/fleet/thousand.ts";
import { type LoadRequest, type LoadResult, load, median, quantile, send } from "./bench/load.ts";
import { embedToken, Payer } from "./bench/payer.ts";
import { type Figure, figure, report } from "./bench/report.ts";
import type { Stage } from "./bench/stage.ts";

const connections = 16;
const rounds = 5;
process.chdir(fileURLToPath(new URL("..", import.meta.url)));

/** Names on the command line run those alone, such as `npm run bench -- flood promote`. */
const names = ["creation", "paths", "isolation", "flood", "promote", "thousand"] as const;
type Name = (typeof names)[number];
const wanted = process.argv.slice(2);
for (const name of wanted) {
  if (!names.includes(name as Name)) throw new Error(`no bench ${name}; there are: ${names.join(", ")}`);
}
const wants = (name: Name) => wanted.length === 0 || wanted.includes(name);

const assetsDir = "widget/dist";
const directory = mkdtempSync(join(tmpdir(), "bench-"));
const figures: Figure[] = [];
try {
  await withPostgres("postgres", onOnePlatform);
  // Has a PostgreSQL of its own: a thousand databases beside the others' would slow them all.
  if (wants("thousand")) figures.push(...(await thousand()));
  report(figures);
} finally {
  rmSync(directory, { recursive: true, force: true });
}

async function onOnePlatform(adminUrl: string): Promise<void> {
  const masterKeyFile = join(directory, "master.key");
  const address = await preparePlatform({ adminUrl, masterKeyFile });
  const log = createLogger({ name: "bench", level: "error" });
  const operator = openOperator({ address, operator: "bench", log });
  try {
    if (wants("creation")) {
      figures.push(...(await creation({ adminUrl, operator, rounds: 60 })));
      figures.push(await idleTenants(operator));
    }
    if (wants("paths")) figures.push(...(await paths(operator)));
    if (wants("isolation")) figures.push(...(await isolation({ operator, assetsDir, rounds })));
    if (wants("flood")) figures.push(...(await flood({ operator, assetsDir, rounds })));
    if (wants("promote")) {
      await withPostgres("other", async (otherUrl) => {
        figures.push(...(await promote({ operator, otherUrl, assetsDir })));
      });
    }
  } finally {
    await operator.close();
  }
}

async function withPostgres(name: string, run: (adminUrl: string) => Promise<void>): Promise<void> {
  const dataDir = join(directory, name);
  const database = await startEmbeddedPostgres({ dataDir, port: 0 });
  try {
    await run(database.url);
  } finally {
    await database.stop();
    // The cluster itself may be elsewhere, where the server's user can reach it.
    await removeEmbeddedPostgres(dataDir);
  }
}

async function paths(operator: Operator): Promise<Figure[]> {
  const { open, adminUrl: tenantAdminUrl, embedKey } = await payingTenant({ ctx: operator, slug: "bench" });
  const { registryUrl, masterKeyFile } = operator.address;
  const tenantId = open.tenant.id;
  const stage: Stage = { registryUrl, masterKeyFile, assetsDir, tenantId, tenantAdminUrl, customerId };
  return hotPaths(stage, embedKey);
}

async function hotPaths(stage: Stage, key: { id: string; secret: string }): Promise<Figure[]> {
  const full = await startServer("serve-full.ts", stage);
  const bare = await startServer("serve-bare.ts", stage);
  const host = `bench.localhost:${full.port}`;
  const openSession = async () => {
    const payer = new Payer(host);
    const request = payer.request("POST", "/v1/session", {
      token: embedToken(key, customerId),
      locales: ["en"],
    });
    const { status, text } = await send(undefined, full.port, request);
    if (status !== 200) throw new Error(`no session: ${text}`);
    payer.accessToken = (JSON.parse(text) as { accessToken: string }).accessToken;
    return payer;
  };
  const bareHeaders = { authorization: `Bearer ${bare.token}` };
  const many = <T>(count: number, make: () => T) => Array.from({ length: count }, make);

  const payer = await openSession();
  const reads = await sideBySide(
    { port: full.port, requests: () => many(4000, () => payer.request("GET", "/v1/invoices")) },
    {
      port: bare.port,
      requests: () =>
        many(4000, () => ({ method: "GET" as const, path: "/v1/invoices", headers: bareHeaders })),
    },
  );
  let invoice = 0;
  const payment = () => ({
    id: randomUUID(),
    currency: "USD",
    lines: [{ invoiceId: `inv-${1 + (invoice++ % 20)}`, amountMinor: "100" }],
    method: { type: "card", token: "tok_success" },
    shown: { surchargeMinor: "0", totalMinor: "100" },
  });
  const payments = await sideBySide(
    { port: full.port, requests: () => many(1500, () => payer.request("POST", "/v1/payments", payment())) },
    {
      port: bare.port,
      requests: () =>
        many(1500, () => ({
          method: "POST" as const,
          path: "/v1/payments",
          headers: { ...bareHeaders, "content-type": "application/json" },
          body: JSON.stringify(payment()),
        })),
    },
  );
  const exchanges = good(
    await load(
      full.port,
      many(1000, () =>
        new Payer(host).request("POST", "/v1/session", {
          token: embedToken(key, customerId),
          locales: ["en"],
        }),
      ),
      4,
    ),
  );
  full.stop();
  bare.stop();
  return [
    figure("read path, GET /v1/invoices", reads.full, "req/s", reads.bare),
    figure("payment path, POST /v1/payments", payments.full, "req/s", payments.bare),
    figure("session exchange p50, 4 at a time", quantile(exchanges.latenciesMs, 0.5), "ms"),
    figure("session exchange p99, 4 at a time", quantile(exchanges.latenciesMs, 0.99), "ms"),
  ];
}

interface Side {
  port: number;
  /** Made just before each round: proofs are good for a minute. */
  requests: () => LoadRequest[];
}

/** The two in turn, A B A B …, after one warm-up each; medians of the rounds. */
async function sideBySide(full: Side, bare: Side): Promise<{ full: number; bare: number }> {
  const once = async ({ port, requests }: Side) => good(await load(port, requests(), connections)).perSecond;
  await once(full);
  await once(bare);
  const results = { full: [] as number[], bare: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    results.full.push(await once(full));
    results.bare.push(await once(bare));
  }
  return { full: median(results.full), bare: median(results.bare) };
}

function good(result: LoadResult): LoadResult {
  if (result.failures > 0) throw new Error(`${result.failures} of ${result.requests} requests failed`);
  return result;
}

/** Resident memory one more tenant costs a server once its pool has gone idle. */
async function idleTenants({ address }: Operator): Promise<Figure> {
  const { registryUrl, masterKeyFile } = address;
  const stage: Stage = {
    registryUrl,
    masterKeyFile,
    assetsDir,
    tenantId: "",
    tenantAdminUrl: "",
    customerId,
  };
  const server = await startServer("serve-full.ts", stage, ["--expose-gc"]);
  const touch = (slug: string) =>
    send(undefined, server.port, {
      method: "GET",
      path: "/embed",
      headers: { host: `${slug}.localhost:${server.port}` },
    });
  await touch("bench-50");
  const before = await server.memory();
  const count = 50;
  for (let index = 0; index < count; index++) await touch(`bench-${index}`);
  const after = await server.memory();
  server.stop();
  return figure("resident memory per open tenant, 50 opened", (after - before) / count / 1024, "KiB");
}

async function startServer(file: string, stage: Stage, nodeArgs: string[] = []) {
  const child = spawn(process.execPath, [...nodeArgs, join(".tools/bench", file), JSON.stringify(stage)], {
    stdio: ["ignore", "pipe", "inherit", "ipc"],
  });
  const lines = createInterface({ input: child.stdout as Readable });
  const [line] = (await once(lines, "line")) as [string];
  const { port, token } = JSON.parse(line) as { port: number; token?: string };
  return {
    port,
    token,
    stop: () => child.kill(),
    async memory(): Promise<number> {
      child.send("memory");
      const [{ rssBytes }] = (await once(child, "message")) as [{ rssBytes: number }];
      return rssBytes;
    },
  };
}
