import { chmodSync, chownSync, existsSync, statSync } from "node:fs";
import { join } from "node:path";

/**
 * Takes a folder that holds secrets from everybody but its owner, mode 0700. Root's server runs as another user: where
 * a cluster of that user already lies below, made when folders were open, the way to it stays, for that user's group
 * alone (0710), or rows would seem to be gone.
 *
 * @param clusterHome the folder that holds the cluster, this one or one below it; undefined: none lies below
 */
export function closeFolder(folder: string, clusterHome?: string): void {
  if (process.platform === "win32") return;
  const { mode, uid, gid } = statSync(folder);
  const walker = clusterHome === undefined ? null : walkerTo(clusterHome);
  if (walker !== null && gid !== walker) chownSync(folder, uid, walker);
  const wanted = walker === null ? 0o700 : 0o710;
  if ((mode & 0o777) !== wanted) chmodSync(folder, wanted);
}

/** Group of another user than us whose cluster lies in the folder itself; null: there is none. */
function walkerTo(home: string): number | null {
  if (process.getuid?.() !== 0 || existsSync(join(home, "location"))) return null;
  const cluster = statSync(join(home, "cluster"), { throwIfNoEntry: false });
  return cluster && cluster.uid !== 0 ? cluster.gid : null;
}
