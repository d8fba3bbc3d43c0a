import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import postgres from "postgres";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { temporaryFolders } from "../testing/temporary-folder.ts";
import { findCluster } from "./embedded/place.ts";
import { commandLine, identify, waitUntilGone } from "./embedded/processes.ts";
import {
  closeFolder,
  type EmbeddedPostgres,
  removeEmbeddedPostgres,
  startEmbeddedPostgres,
} from "./embedded-postgres.ts";

const isRoot = process.getuid?.() === 0;
const settings = { fsync: "off", shared_buffers: "16MB" };
const folder = temporaryFolders();
const dataDirs: string[] = [];
const running: EmbeddedPostgres[] = [];
const children: ChildProcess[] = [];

/** Making a cluster is the slow part: tests that do not look at it share one. */
let shared: string;
beforeAll(async () => {
  shared = newDataDir();
  await (await start(shared)).stop();
});
afterAll(async () => {
  for (const dataDir of dataDirs) await removeEmbeddedPostgres(dataDir);
});
afterEach(async () => {
  await Promise.all(children.splice(0).map(ended));
  await Promise.all(running.splice(0).map((server) => server.stop()));
});

/** The next test's folder is this one's: its owner must be gone, not going. */
async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, "exit");
  child.kill("SIGKILL");
  await exit;
}

function newDataDir(parentMode = 0o755): string {
  const parent = folder();
  chmodSync(parent, parentMode);
  const dataDir = join(parent, "data");
  dataDirs.push(dataDir);
  return dataDir;
}

async function start(dataDir: string, port = 0): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ dataDir, port, settings });
  running.push(server);
  return server;
}

async function ask<T extends object>(url: string, text: string): Promise<T[]> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  try {
    return (await sql.unsafe(text)) as unknown as T[];
  } finally {
    await sql.end();
  }
}

const postmasterOf = (dataDir: string): number =>
  Number.parseInt(readFileSync(join(findCluster(dataDir) ?? "", "postmaster.pid"), "utf8"), 10);

/** The process whose command line ends with the server's number. */
function guardOf(postmaster: number): number {
  const { stdout } = spawnSync("ps", ["-eo", "pid=,args="], { encoding: "utf8" });
  const line = stdout.split("\n").find((line) => line.trimEnd().endsWith(`sh ${postmaster}`));
  return Number.parseInt(line ?? "", 10);
}

async function startInChild(dataDir: string): Promise<{ child: ChildProcess; url: string }> {
  const script = fileURLToPath(new URL("./testing/postgres-child.ts", import.meta.url));
  const child = spawn(process.execPath, [script, dataDir], { stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  if (!child.stdout) throw new Error("no output");
  const [url] = await once(createInterface(child.stdout), "line");
  return { child, url };
}

test("keeps its rows and its password over a restart, and lets nobody in without it", async () => {
  const first = await start(shared);
  await ask(first.url, "create table kept_1 as select 1 as one");
  await first.stop();
  const second = await start(shared);
  expect(await ask(second.url, "select one from kept_1")).toEqual([{ one: 1 }]);
  expect(new URL(second.url).password).toBe(new URL(first.url).password);
  const guess = new URL(second.url);
  guess.password = "postgres";
  await expect(ask(guess.href, "select 1")).rejects.toMatchObject({ code: "28P01" });
});

test("listens on the loopback interface only, writes to disk, hashes passwords with SCRAM", async () => {
  const server = await startEmbeddedPostgres({ dataDir: shared, port: 0 });
  running.push(server);
  const shown = await ask<{ name: string; setting: string }>(
    server.url,
    `select name, setting from pg_settings where name in
      ('listen_addresses', 'unix_socket_directories', 'fsync', 'password_encryption', 'max_connections') order by name`,
  );
  expect(Object.fromEntries(shown.map(({ name, setting }) => [name, setting]))).toEqual({
    fsync: "on",
    listen_addresses: "127.0.0.1",
    max_connections: "300",
    password_encryption: "scram-sha-256",
    unix_socket_directories: "",
  });
});

test("an owner killed with -9 takes its server along", async () => {
  const { child } = await startInChild(shared);
  const server = identify(postmasterOf(shared));
  child.kill("SIGKILL");
  if (!server) throw new Error("no server");
  expect(await waitUntilGone(server, 5_000)).toBe(true);
});

test("owner and guard killed with -9 block nothing: the next start stops their server and finds its rows", async () => {
  const { child, url } = await startInChild(shared);
  await ask(url, "create table kept_2 as select 1 as one");
  const orphan = postmasterOf(shared);
  process.kill(guardOf(orphan), "SIGKILL");
  child.kill("SIGKILL");
  await once(child, "exit");
  expect(commandLine(orphan)).toContain("postgres");

  const next = await start(shared);
  expect(commandLine(orphan)).not.toContain(shared);
  expect(await ask(next.url, "select one from kept_2")).toEqual([{ one: 1 }]);
});

test("a server killed with -9 itself is reported to its owner, and starts again", async () => {
  const server = await start(shared);
  process.kill(postmasterOf(shared), "SIGKILL");
  await expect(server.crashed).rejects.toThrow("PostgreSQL ended (SIGKILL)");
  running.splice(0);
  const again = await start(shared);
  expect(await ask(again.url, "select 1 as one")).toEqual([{ one: 1 }]);
});

test("a lost password deletes no rows: the start says what is missing", async () => {
  const dataDir = newDataDir();
  const first = await start(dataDir);
  await ask(first.url, "create table kept_3 as select 1 as one");
  await first.stop();
  const password = join(dataDir, "superuser.password");
  renameSync(password, `${password}.lost`);
  await expect(start(dataDir)).rejects.toThrow(`${password} is missing`);
  renameSync(`${password}.lost`, password);
  expect(await ask((await start(dataDir)).url, "select one from kept_3")).toEqual([{ one: 1 }]);
});

test("a cluster that is gone is not made anew, empty: the start says what is missing, and finds it put back", async () => {
  const dataDir = newDataDir();
  const first = await start(dataDir);
  await ask(first.url, "create table kept_4 as select 1 as one");
  await first.stop();
  const cluster = findCluster(dataDir) ?? "";
  renameSync(cluster, `${cluster}.elsewhere`);
  for (const _ of [1, 2]) await expect(start(dataDir)).rejects.toThrow(`there was a database in ${cluster}`);
  // As a folder that was not mounted is there, and empty.
  mkdirSync(cluster, { recursive: true });
  await expect(start(dataDir)).rejects.toThrow(`there was a database in ${cluster}`);
  rmSync(cluster, { recursive: true });
  renameSync(`${cluster}.elsewhere`, cluster);
  const pointer = join(dataDir, "location");
  if (existsSync(pointer)) {
    renameSync(pointer, `${pointer}.lost`);
    await expect(start(dataDir)).rejects.toThrow("there was a database in");
    renameSync(`${pointer}.lost`, pointer);
  }
  expect(await ask((await start(dataDir)).url, "select one from kept_4")).toEqual([{ one: 1 }]);
});

test("a first start that was killed before the cluster had its name begins anew", async () => {
  const dataDir = newDataDir();
  mkdirSync(join(dataDir, "cluster.unfinished"), { recursive: true });
  writeFileSync(join(dataDir, "superuser.password"), "old", { mode: 0o600 });
  const server = await start(dataDir);
  expect(await ask(server.url, "select 1 as one")).toEqual([{ one: 1 }]);
});

test("the folder with the password is its owner's alone", async () => {
  const dataDir = newDataDir();
  await start(dataDir);
  expect(statSync(dataDir).mode & 0o777).toBe(0o700);
});

test.runIf(isRoot)(
  "a folder made open by an earlier release is closed, and root's server finds its rows in it",
  async () => {
    const dataDir = newDataDir();
    mkdirSync(dataDir);
    chmodSync(dataDir, 0o755);
    const first = await start(dataDir);
    await ask(first.url, "create table kept_5 as select 1 as one");
    await first.stop();
    expect(findCluster(dataDir)).toBe(join(dataDir, "cluster"));
    chmodSync(dataDir, 0o755);
    closeFolder(dirname(dataDir), dataDir);
    const again = await start(dataDir);
    expect(await ask(again.url, "select one from kept_5")).toEqual([{ one: 1 }]);
    for (const folder of [dataDir, dirname(dataDir)]) {
      expect(statSync(folder)).toMatchObject({ uid: 0, gid: statSync(join(dataDir, "cluster")).gid });
      expect(statSync(folder).mode & 0o777).toBe(0o710);
    }
    await again.stop();
    // Somebody closed it by hand: not made anew elsewhere.
    chmodSync(dirname(dataDir), 0o700);
    await expect(start(dataDir)).rejects.toThrow("cannot be reached by user");
    chmodSync(dirname(dataDir), 0o755);
  },
);

test("half an owner's file, as a power cut leaves it, does not block", async () => {
  writeFileSync(join(shared, "owner.json"), '{"pid"');
  const server = await start(shared);
  expect(await ask(server.url, "select 1 as one")).toEqual([{ one: 1 }]);
});

test("a lock file whose process number now belongs to another program does not block", async () => {
  await (await start(shared)).stop();
  const cluster = findCluster(shared) ?? "";
  writeFileSync(join(cluster, "postmaster.pid"), `${process.pid}\n${cluster}\n1\n5432\n\n127.0.0.1\n`);
  const server = await start(shared);
  expect(await ask(server.url, "select 1 as one")).toEqual([{ one: 1 }]);
});

test("a data folder in use by a living process is refused, and that process's server goes on", async () => {
  const { child, url } = await startInChild(shared);
  await expect(start(shared)).rejects.toThrow(`in use by process ${child.pid}`);
  expect(await ask(url, "select 1 as one")).toEqual([{ one: 1 }]);
});

test("what a failed statement held stays out of the server's log", async () => {
  const { url } = await start(shared);
  await expect(ask(url, "select 'canary'::int")).rejects.toThrow("canary");
  await expect(ask(url, "create role x password 'canary' nonsense")).rejects.toThrow("nonsense");
  await expect(
    ask(url, "create table emails (e text unique); insert into emails values ('canary'), ('canary')"),
  ).rejects.toThrow("unique");
  const log = readFileSync(join(shared, "postgres.log"), "utf8");
  expect(log).toContain("ready to accept connections");
  expect(log).not.toContain("canary");
});

test("a taken port is named", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const { port } = other.address() as { port: number };
  await expect(start(shared, port)).rejects.toThrow(`port ${port} on 127.0.0.1 is taken`);
  other.close();
});

test("an initdb that was interrupted is begun anew", async () => {
  const dataDir = newDataDir();
  mkdirSync(join(dataDir, "cluster.unfinished"), { recursive: true });
  writeFileSync(join(dataDir, "cluster.unfinished", "PG_VERSION"), "18\n");
  const server = await start(dataDir);
  expect(await ask(server.url, "select 1 as one")).toEqual([{ one: 1 }]);
});

test.runIf(isRoot)(
  "under a folder of mode 700 root's server keeps its rows elsewhere and finds them again",
  async () => {
    const dataDir = newDataDir(0o700);
    const first = await start(dataDir);
    await ask(first.url, "create table kept as select 1 as one");
    await first.stop();
    const cluster = findCluster(dataDir) ?? "";
    expect(cluster.startsWith(dataDir)).toBe(false);
    const second = await start(dataDir);
    expect(await ask(second.url, "select one from kept")).toEqual([{ one: 1 }]);
    await second.stop();

    // The data folder deleted means the data deleted, wherever it was.
    rmSync(dataDir, { recursive: true });
    const third = await start(dataDir);
    await expect(ask(third.url, "select one from kept")).rejects.toMatchObject({ code: "42P01" });
    await third.stop();
    await removeEmbeddedPostgres(dataDir);
    expect(existsSync(cluster)).toBe(false);
  },
);
