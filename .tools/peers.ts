/**
 * The programs of others that tests run against: PostgreSQL's own tools, pgBackRest, Redis, PgBouncer. What is not
 * here comes by apt when root, with no service started and no cluster made. `node .tools/peers.ts` says what is missing.
 */
import { spawnSync } from "node:child_process";
import { existsSync, globSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { findPgBouncer } from "../server/src/testing/pgbouncer.ts";
import { ensurePgBouncer } from "./pgbouncer.ts";

const packages: { name: string; isHere: () => boolean }[] = [
  { name: "redis-server", isHere: () => onPath("redis-server") },
  { name: "pgbackrest", isHere: () => onPath("pgbackrest") },
  { name: "postgresql", isHere: () => globSync("/usr/lib/postgresql/*/bin/pg_dump").length > 0 },
  {
    name: "build-essential",
    isHere: () => findPgBouncer() !== null || ["cc", "make"].every(onPath),
  },
];

const onPath = (program: string) =>
  spawnSync("sh", ["-c", `command -v ${program}`], { stdio: "ignore" }).status === 0;

/** @returns what could not be had, in words; tests that need it fail and name it, or say that they are skipped */
export function ensurePeers(): string[] {
  const absent = packages.filter(({ isHere }) => !isHere()).map(({ name }) => name);
  if (absent.length > 0 && process.getuid?.() === 0) install(absent);
  const missing = packages
    .filter(({ isHere }) => !isHere())
    .map(({ name }) => `no ${name} (apt install ${name})`);
  try {
    ensurePgBouncer();
  } catch (error) {
    missing.push(`no PgBouncer ≥ 1.21: ${error instanceof Error ? error.message : error}`);
  }
  return missing;
}

/** Asked by Debian's packages before they start a service. */
const policy = "/usr/sbin/policy-rc.d";
const clusters = "/etc/postgresql-common/createcluster.conf";

function install(names: string[]): void {
  console.error(`installing ${names.join(", ")} for the tests …`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const stdio = ["ignore", 2, 2] as const;
  const ours = [
    [policy, "#!/bin/sh\nexit 101\n"],
    [clusters, "create_main_cluster = false\n"],
  ].filter(([file]) => !existsSync(file ?? "")) as [string, string][];
  for (const [file, text] of ours) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text, { mode: 0o755 });
  }
  try {
    spawnSync("apt-get", ["update"], { stdio: [...stdio] });
    spawnSync(
      "apt-get",
      ["install", "-y", "--no-install-recommends", "-o", "Dpkg::Options::=--force-confold", ...names],
      { stdio: [...stdio], env },
    );
  } finally {
    for (const [file] of ours) if (file === policy) rmSync(file);
  }
}

if (import.meta.main) {
  const missing = ensurePeers();
  console.log(missing.join("\n") || "all here");
  process.exitCode = missing.length === 0 ? 0 : 1;
}
