import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { connect } from "../database/connect.ts";
import { guard } from "../database/embedded/guard.ts";
import { asUser, type ServerUser, serverUser } from "../database/embedded/server-user.ts";
import { findPrograms } from "../operations/backup/programs/find-programs.ts";
import { freePort } from "./free-port.ts";

/** The oldest we support; with its programs, which npm's embedded PostgreSQL lacks. */
const oldestMajor = 15;
const password = "test";

/** A PostgreSQL server of its own for one test file, on loopback. */
export interface PostgresCluster {
  /** Superuser on database `postgres`. */
  readonly url: string;
  readonly port: number;
  readonly folder: string;
  /** Holds its programs. */
  readonly bin: string;
  readonly user: ServerUser;
  /** Ended with -9. */
  kill(): Promise<void>;
  /** Fast shutdown. */
  stop(): Promise<void>;
}

/**
 * @param folder empty; made walkable for the server's user
 * @param settings PostgreSQL's
 * @param encoding of its own databases; default UTF8
 * @param standbyOf a running cluster it shall follow; default: a new one
 */
export async function startCluster(input: {
  folder: string;
  settings?: Record<string, string>;
  standbyOf?: PostgresCluster;
  encoding?: string;
  /** Folder of its programs; default: the oldest version we support, or what is here that is nearest. */
  bin?: string;
}): Promise<PostgresCluster> {
  const { folder, standbyOf } = input;
  const { bin = findPrograms({ major: oldestMajor, pgBin: null }).folder } = input;
  chmodSync(folder, 0o755);
  const user = serverUser(join(folder, "data"));
  const own = (path: string) => user && chownSync(path, user.uid, user.gid);
  for (const name of ["data", "socket"]) {
    mkdirSync(join(folder, name), { mode: 0o700 });
    own(join(folder, name));
  }
  const data = join(folder, "data");
  if (standbyOf) {
    const args = [
      "-D",
      data,
      "-d",
      `${standbyOf.url}?application_name=standby`,
      "-R",
      "-X",
      "stream",
      "-c",
      "fast",
    ];
    run({ command: join(bin, "pg_basebackup"), args, user });
  } else {
    const file = join(folder, "password");
    writeFileSync(file, password);
    own(file);
    const args = ["-D", data, "-U", "postgres", "--auth-host=scram-sha-256", "--auth-local=trust"];
    run({
      command: join(bin, "initdb"),
      args: [...args, `--pwfile=${file}`, "-E", input.encoding ?? "UTF8", "--locale=C", "-N"],
      user,
    });
  }
  const port = await freePort();
  const child = launch({ bin, folder, user, settings: { ...input.settings, port: String(port) } });
  const url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
  await untilItAnswers({ url, child, folder });
  const end = (signal: NodeJS.Signals) => async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await once(child, "exit");
  };
  return { url, port, folder, bin, user, kill: end("SIGKILL"), stop: end("SIGINT") };
}

function launch(input: {
  bin: string;
  folder: string;
  user: ServerUser;
  settings: Record<string, string>;
}): ChildProcess {
  const { bin, folder, user } = input;
  const settings = {
    listen_addresses: "127.0.0.1",
    unix_socket_directories: join(folder, "socket"),
    // A test's machine does not lose its power.
    fsync: "off",
    shared_buffers: "32MB",
    ...input.settings,
  };
  const args = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const log = openSync(join(folder, "log"), "a");
  const child = spawn(join(bin, "postgres"), ["-D", join(folder, "data"), ...args], {
    ...asUser(user),
    detached: true,
    stdio: ["ignore", log, log],
  });
  closeSync(log);
  guard(child);
  return child;
}

async function untilItAnswers(input: { url: string; child: ChildProcess; folder: string }): Promise<void> {
  for (;;) {
    if (input.child.exitCode !== null) throw new Error(readFileSync(join(input.folder, "log"), "utf8"));
    const sql = connect({ url: input.url, max: 1 });
    const answers = await sql`select 1`.then(
      () => true,
      () => false,
    );
    await sql.end({ timeout: 1 });
    if (answers) return;
    await delay(50);
  }
}

/** A cluster whose WAL pgBackRest archives, with a first copy of its files in the repository. */
export async function startArchivedCluster(input: { folder: string; settings?: Record<string, string> }) {
  const { folder } = input;
  const config = join(folder, "pgbackrest.conf");
  const cluster = await startCluster({
    folder,
    settings: {
      archive_mode: "on",
      archive_command: `pgbackrest --config=${config} --stanza=main archive-push %p`,
      ...input.settings,
    },
  });
  const { user, port } = cluster;
  writeFileSync(
    config,
    `[global]
repo1-path=${folder}/repository
repo1-retention-full=2
log-path=${folder}/log.d
lock-path=${folder}/lock
spool-path=${folder}/spool
start-fast=y
compress-type=none
[main]
pg1-path=${folder}/data
pg1-port=${port}
pg1-socket-path=${folder}/socket
`,
  );
  for (const name of ["repository", "log.d", "lock", "spool"]) {
    mkdirSync(join(folder, name), { mode: 0o700 });
    if (user) chownSync(join(folder, name), user.uid, user.gid);
  }
  const pgbackrest = (...args: string[]) =>
    run({ command: "pgbackrest", args: [`--config=${config}`, "--stanza=main", ...args], user });
  pgbackrest("stanza-create");
  return {
    ...cluster,
    config,
    /** Afterwards every later instant can be gone back to: pgBackRest dates a copy by the second it ended in. */
    async copyFiles() {
      pgbackrest("--type=full", "backup");
      await delay(1_000 - (Date.now() % 1_000));
    },
  };
}
export type ArchivedCluster = Awaited<ReturnType<typeof startArchivedCluster>>;

function run(input: { command: string; args: string[]; user: ServerUser }): void {
  const done = spawnSync(input.command, input.args, { ...asUser(input.user), encoding: "utf8" });
  if (done.status !== 0)
    throw new Error(`${input.command}: ${done.error?.message ?? done.stderr + done.stdout}`);
}
