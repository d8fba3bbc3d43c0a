import { type ChildProcess, spawn } from "node:child_process";
import {
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { connect } from "../../../database/connect.ts";
import { guard } from "../../../database/embedded/guard.ts";
import { stopLeftover } from "../../../database/embedded/leftover.ts";
import { asUser, type ServerUser, serverUser } from "../../../database/embedded/server-user.ts";
import { findServerPrograms } from "../programs/find-programs.ts";
import { restoreFiles } from "../programs/pgbackrest.ts";
import { claimFolder } from "../scratch-folder.ts";
import type { BackupSettings } from "../settings.ts";
import { InstantUnreachable } from "./errors.ts";

/** A copy of a whole database server as it was at an instant. Answers at a socket in a folder of mode 0700 only. */
export interface RecoveredCluster {
  readonly socketFolder: string;
  /** Stops it and deletes its files. */
  close(): Promise<void>;
}

/** Of the server that is recovered. */
export interface ServerFacts {
  readonly major: number;
  /** Transactions prepared at the instant need their room, whatever else is small here. */
  readonly maxPreparedTransactions: number;
}

interface Wanted {
  settings: BackupSettings;
  stanza: string;
  server: ServerFacts;
  /** The one database that is wanted of it. */
  database: string;
  /** null: as far as the archive goes. */
  to: Date | null;
  /** A place for it, the same again after a kill, and no other recovery's. */
  folder: string;
}

/**
 * Recovers a server's files from the archive and replays its WAL up to the instant, included. When a run that was
 * killed had got there before, that is started again: of a big server it takes hours.
 *
 * @throws InstantUnreachable, ProgramsMissing; Error with what pgBackRest says
 */
export async function recoverCluster(wanted: Wanted): Promise<RecoveredCluster> {
  const { settings, folder, server } = wanted;
  const programs = findServerPrograms({ major: server.major, pgBin: settings.pgBin });
  const goesOn = wanted.to !== null && isRecovered(folder);
  if (goesOn) await stopLeftover(join(folder, "data"));
  else await removeCluster(folder);
  const user = serverUser(folder);
  try {
    if (!goesOn) makeFolders(folder, user);
    claimFolder(folder);
    if (!goesOn) await copyFiles({ ...wanted, user });
    const postgres = start({ binary: join(programs.folder, "postgres"), folder, server, user });
    await untilPromoted({ postgres, folder, to: wanted.to });
    markRecovered(folder);
  } catch (error) {
    await removeCluster(folder);
    throw error;
  }
  return { socketFolder: join(folder, "socket"), close: () => removeCluster(folder) };
}

const marker = (folder: string) => join(folder, "recovered");

/**
 * Which start of this machine it is; null where it does not say. What is not flushed to disk (`fsync` is off) is whole
 * after a process was killed, and not after a power cut.
 */
function bootId(): string | null {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8");
  } catch {
    return null;
  }
}

const markRecovered = (folder: string) => writeFileSync(marker(folder), bootId() ?? "");
const isRecovered = (folder: string) =>
  existsSync(marker(folder)) && readFileSync(marker(folder), "utf8") === bootId();

function makeFolders(folder: string, user: ServerUser): void {
  for (const name of ["", "data", "socket", "tablespaces", "lock"]) {
    const path = join(folder, name);
    mkdirSync(path, { mode: 0o700 });
    if (user) chownSync(path, user.uid, user.gid);
  }
}

/** Whatever was left there by a run that was killed. */
export async function removeCluster(folder: string): Promise<void> {
  const cluster = join(folder, "data");
  if (existsSync(cluster)) await stopLeftover(cluster);
  rmSync(folder, { recursive: true, force: true });
}

async function copyFiles(input: Wanted & { user: ServerUser }): Promise<void> {
  const { settings, stanza, folder, to, user } = input;
  const { configFile } = settings.pgBackRest;
  const place = { configFile, stanza, folder, cluster: join(folder, "data"), to, user };
  try {
    await restoreFiles({ ...place, include: input.database });
  } catch (error) {
    const { message } = error as Error;
    // BackupSetInvalidError
    if (to && message.includes("[075]")) throw tooEarly(to);
    // DbMissingError: it was made after the last copy of the files, so it comes with the WAL.
    if (!message.includes("[080]")) throw error;
    await restoreFiles({ ...place, include: null });
  }
}

function start(input: {
  binary: string;
  folder: string;
  server: ServerFacts;
  user: ServerUser;
}): ChildProcess {
  const { binary, folder, server, user } = input;
  // The server's own configuration may lie elsewhere, and names ports, folders and libraries that are its own.
  const files = {
    "postgresql.conf": "",
    "pg_hba.conf": "local all all trust\n",
    "pg_ident.conf": "",
  };
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(folder, name), text);
    if (user) chownSync(join(folder, name), user.uid, user.gid);
  }
  const settings = {
    config_file: join(folder, "postgresql.conf"),
    hba_file: join(folder, "pg_hba.conf"),
    ident_file: join(folder, "pg_ident.conf"),
    listen_addresses: "",
    unix_socket_directories: join(folder, "socket"),
    port: "5432",
    // Answers when it has got there, not on the way; so it needs no settings as large as the server's.
    hot_standby: "off",
    archive_mode: "off",
    max_prepared_transactions: String(server.maxPreparedTransactions),
    max_wal_senders: "0",
    // Subscriptions are the whole cluster's: one of a tenant under way would follow its source from here too.
    max_logical_replication_workers: "0",
    synchronous_standby_names: "",
    shared_preload_libraries: "",
    ssl: "off",
    fsync: "off",
    logging_collector: "off",
    log_destination: "stderr",
    lc_messages: "C",
    log_min_messages: "log",
    log_min_error_statement: "panic",
  };
  const args = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const log = openSync(logFile(folder), "a", 0o600);
  const postgres = spawn(binary, ["-D", join(folder, "data"), ...args], {
    ...asUser(user),
    detached: true,
    stdio: ["ignore", log, log],
  });
  closeSync(log);
  guard(postgres);
  return postgres;
}

const logFile = (folder: string) => join(folder, "postgres.log");

/** As long as it takes: how much WAL there is to replay only the server knows. */
async function untilPromoted(input: {
  postgres: ChildProcess;
  folder: string;
  to: Date | null;
}): Promise<void> {
  const { postgres, folder, to } = input;
  const ended = () => postgres.exitCode !== null || postgres.signalCode !== null;
  const url = "postgres://nobody@localhost/template1";
  for (;;) {
    if (ended()) throw explain(readFileSync(logFile(folder), "utf8"), to);
    const sql = connect({ url, max: 1, socketFolder: join(folder, "socket") });
    try {
      await sql`select 1`;
      return;
    } catch (error) {
      // invalid_authorization_specification: it answers, and knows nobody of that name.
      if ((error as { code?: string }).code === "28000") return;
      await delay(200);
    } finally {
      await sql.end({ timeout: 1 });
    }
  }
}

const tooEarly = (to: Date) =>
  new InstantUnreachable(`the archive's oldest copy is younger than ${to.toISOString()}`);

function explain(log: string, to: Date | null): Error {
  if (to && log.includes("recovery ended before configured recovery target was reached")) {
    return new InstantUnreachable(`the WAL archive ends before ${to.toISOString()}`);
  }
  if (to && log.includes("requested recovery stop point is before consistent recovery point")) {
    return tooEarly(to);
  }
  const fatal = log.split("\n").filter((line) => /FATAL|PANIC/.test(line));
  return new Error(`the recovered server did not start: ${fatal.slice(-3).join("; ") || "its log is empty"}`);
}
