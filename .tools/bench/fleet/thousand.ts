/**
 * A fleet of 1,000 tenants on a PostgreSQL of its own: what the last ones cost to make beside the first, and a
 * one-column migration over all of them beside a bare loop of the same DDL. Takes some minutes and 10 GB of disk.
 */
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createLogger, tenantMigrations } from "@clarity/server";
import { removeEmbeddedPostgres, startEmbeddedPostgres } from "@clarity/server/embedded-postgres";
import {
  createTenant,
  migrateTenants,
  type Operator,
  openOperator,
  preparePlatform,
} from "@clarity/server/operate";
import postgres from "postgres";
import { quantile } from "../load.ts";
import { type Figure, figure, report } from "../report.ts";

/** Tenants at each end whose creation is compared, and databases migrated at once. */
const sample = 100;
const parallel = 4;

export async function thousand({ tenants = 1_000 }: { tenants?: number } = {}): Promise<Figure[]> {
  const directory = mkdtempSync(join(tmpdir(), "bench-fleet-"));
  const dataDir = join(directory, "postgres");
  const database = await startEmbeddedPostgres({ dataDir, port: 0 });
  try {
    const masterKeyFile = join(directory, "master.key");
    const address = await preparePlatform({ adminUrl: database.url, masterKeyFile });
    const log = createLogger({ name: "bench", level: "error" });
    const operator = openOperator({ address, operator: "bench", log });
    try {
      const made = await makeTenants(operator, tenants);
      return [...made.figures, ...(await migrateFleet(operator, made.bytesInUse))];
    } finally {
      await operator.close();
    }
  } finally {
    await database.stop();
    // The cluster itself may be elsewhere, where the server's user can reach it.
    await removeEmbeddedPostgres(dataDir);
    rmSync(directory, { recursive: true, force: true });
  }
}

async function makeTenants(operator: Operator, count: number) {
  const tookMs: number[] = [];
  const bytes: number[] = [];
  for (let index = 0; index < count; index++) {
    const slug = `bench-${index}`;
    const input = { slug, name: slug, template: "basic-invoice", adminEmail: `a@${slug}.test` } as const;
    tookMs.push((await createTenant({ ctx: operator, input })).tookMs);
    if (index + 1 === sample || index + 1 === count) bytes.push(inUse());
  }
  const [before = 0, bytesInUse = 0] = bytes;
  const p95 = quantile(tookMs.slice(-sample), 0.95);
  return {
    bytesInUse,
    figures: [
      figure(
        `tenant creation p95 at the ${count}th, first ${sample} beside it`,
        p95,
        "ms",
        quantile(tookMs.slice(0, sample), 0.95),
      ),
      figure(
        `operator's memory in use at the ${count}th tenant, the ${sample}th beside it`,
        mib(bytesInUse),
        "MiB",
        mib(before),
      ),
    ],
  };
}

/** Bare, ours, ours, bare: what warms up or wears out on the way weighs on both. */
async function migrateFleet(operator: Operator, bytesBefore: number): Promise<Figure[]> {
  const databases = (await operator.registry.list()).map(({ database }) => database.name);
  const urlOf = (name: string) =>
    Object.assign(new URL(operator.address.adminUrl), { pathname: `/${name}` }).href;
  const urls = databases.map(urlOf);
  const watch = watchConnections(operator.address.adminUrl);
  const bareMs = [await timed(() => bareLoop(urls, "bare_1"))];
  const atMostBare = watch.take();
  const oursMs = [await timed(() => migrateBy(operator, 1)), await timed(() => migrateBy(operator, 2))];
  const atMost = watch.take();
  const bytesAfter = inUse();
  bareMs.push(await timed(() => bareLoop(urls, "bare_2")));
  await watch.stop();
  const perSecond = (runs: number[]) =>
    (urls.length * runs.length * 1_000) / runs.reduce((sum, ms) => sum + ms);
  return [
    figure(
      `one-column migration of ${urls.length} tenants, bare loop beside it`,
      perSecond(oursMs),
      "tenants/s",
      perSecond(bareMs),
    ),
    figure("connections while migrating at most, bare loop beside it", atMost, "connections", atMostBare),
    figure(
      "operator's memory in use after migrating, before beside it",
      mib(bytesAfter),
      "MiB",
      mib(bytesBefore),
    ),
  ];
}

/** As `clarity migrate` does with a release that adds `steps` columns to what this one has. */
async function migrateBy(operator: Operator, steps: number): Promise<void> {
  const known = tenantMigrations();
  const added = Array.from({ length: steps }, (_, index) => {
    const version = known.length + index + 1;
    const text = `alter table pay.users add column ours_${version} text`;
    const checksum = createHash("sha256").update(text).digest("hex");
    return {
      version,
      name: `${version}_bench.sql`,
      text,
      checksum,
      phase: "expand",
      needed: true,
      down: null,
    } as const;
  });
  const { state, tenants } = await migrateTenants({
    ctx: operator,
    input: { migrations: [...known, ...added], parallel },
  });
  const failed = tenants.filter(({ outcome }) => outcome !== "done");
  if (state !== "finished" || failed.length > 0)
    throw new Error(`${failed.length} tenants were not migrated`);
}

/** The least that adds a column everywhere: connect, one statement, disconnect. */
async function bareLoop(urls: readonly string[], column: string): Promise<void> {
  const waiting = [...urls];
  const worker = async () => {
    for (let url = waiting.shift(); url; url = waiting.shift()) {
      const sql = postgres(url, { max: 1, fetch_types: false, onnotice: () => {} });
      await sql.unsafe(`alter table pay.users add column ${column} text`);
      await sql.end();
    }
  };
  await Promise.all(Array.from({ length: parallel }, worker));
}

async function timed(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

/** The most client connections seen since the last look, its own left out. */
function watchConnections(adminUrl: string) {
  const sql = postgres(adminUrl, { max: 1, fetch_types: false });
  let most = 0;
  let looking = Promise.resolve();
  const look = async () => {
    const [row] = await sql<{ n: number }[]>`
      select count(*)::int as n from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()`;
    most = Math.max(most, row?.n ?? 0);
  };
  const timer = setInterval(() => {
    looking = looking.then(look);
  }, 100);
  return {
    take() {
      const seen = most;
      most = 0;
      return seen;
    },
    async stop() {
      clearInterval(timer);
      await looking;
      await sql.end();
    },
  };
}

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

/**
 * Of this process, which is the operator: bytes of objects and buffers still referred to. Not what it has resident:
 * V8 gives memory that it once took back late, and on a machine with much of it hardly at all.
 */
function inUse(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const mib = (bytes: number) => bytes / 1_048_576;

if (import.meta.main) report(await thousand({ tenants: Number(process.argv[2] ?? 1_000) }));
