import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { mkdir, readdir, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { identify, isAlive } from "../../database/embedded/processes.ts";

/**
 * A folder of this run's own beside `out`, `<out>.unfinished-<eight hexadecimal digits of chance>`, removed at the
 * end. It says which process works with it, so that the next run for the same `out` removes what a killed one left.
 *
 * @param run is given its folder, and the names of those left for which this machine cannot tell whether they are in use
 */
export async function withUnfinishedFolder<T>(
  out: string,
  run: (folder: string, left: readonly string[]) => Promise<T>,
): Promise<T> {
  const folder = `${out}${mark}${randomBytes(4).toString("hex")}`;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  try {
    const owner = { ...identify(process.pid), host: hostname() };
    writeFileSync(ownerFile(folder), JSON.stringify(owner), { mode: 0o600 });
    return await run(folder, await sweep(out));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const mark = ".unfinished-";
const ownerFile = (folder: string) => join(folder, "owner");

async function sweep(out: string): Promise<string[]> {
  const left: string[] = [];
  for (const name of await readdir(dirname(out))) {
    if (!name.startsWith(`${basename(out)}${mark}`)) continue;
    const folder = join(dirname(out), name);
    const user = userOf(folder);
    if (user === "gone") await rm(folder, { recursive: true, force: true });
    if (user === "unknown") left.push(folder);
  }
  return left;
}

/** A folder that several machines share holds the runs of all of them. */
function userOf(folder: string): "here" | "gone" | "unknown" {
  try {
    const { host, ...id } = JSON.parse(readFileSync(ownerFile(folder), "utf8"));
    if (host !== hostname()) return "unknown";
    return isAlive(id) ? "here" : "gone";
  } catch {
    // Killed, or about to say so.
    return "unknown";
  }
}
