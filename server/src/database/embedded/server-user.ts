import { spawnSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";

/** Who the database server runs as; null: as ourselves. */
export type ServerUser = { readonly uid: number; readonly gid: number } | null;

/**
 * PostgreSQL refuses to run as root. Then it runs as the owner of the cluster when there is one,
 * else as `postgres` when the machine has that user, else as `nobody`.
 */
export function serverUser(cluster: string): ServerUser {
  if (process.getuid?.() !== 0) return null;
  const owner = statSync(cluster, { throwIfNoEntry: false });
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  const accounts = new Map(
    readFileSync("/etc/passwd", "utf8")
      .split("\n")
      .map((line) => line.split(":"))
      .map(([name, , uid, gid]) => [name, { uid: Number(uid), gid: Number(gid) }]),
  );
  const user = accounts.get("postgres") ?? accounts.get("nobody");
  if (!user) throw new Error("PostgreSQL cannot run as root, and there is no user postgres or nobody");
  return user;
}

/** Spawn options that make a child run as `user`, from a folder everybody may stand in. */
export const asUser = (user: ServerUser) => ({ ...user, cwd: "/" });

/** Whether `user` may do that to the path: asked of the kernel, so that ACLs and parents count. */
export function mayAccess(user: ServerUser, path: string, what: "-x" | "-r"): boolean {
  return spawnSync("/bin/sh", ["-c", 'test "$1" "$2"', "sh", what, path], asUser(user)).status === 0;
}
