import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import {
  type Build,
  type BuildSource,
  type Fault,
  type Found,
  mostBuilds,
  mostFileBytes,
  toListing,
} from "./build-source.ts";

/**
 * A folder that is a build, holds builds as folders, or both: `manifest.json`, `<any name>/manifest.json`. Several
 * edges may share it, and a build may be put into it while they run.
 */
export function folderOfBuilds(dir: string): BuildSource {
  return {
    name: "folder",
    async list() {
      const names = (await readdir(dir)).filter((name) => !name.startsWith(".")).sort();
      // The folder's own first: of two builds of one version it has the say.
      const looked = await Promise.all(
        ["", ...names.slice(0, mostBuilds)].map((name) => look(join(dir, name))),
      );
      const { builds, faults } = toListing(looked.filter((one) => one !== null && "manifest" in one));
      const unread = looked.filter((one) => one !== null && "error" in one);
      const own = builds.find(({ where }) => where === manifestIn(dir));
      return { builds, own, faults: [...faults, ...unread] };
    },
  };
}

const manifestIn = (folder: string): string => join(folder, "manifest.json");

async function look(folder: string): Promise<Found | Fault | null> {
  const where = manifestIn(folder);
  try {
    const manifest: unknown = JSON.parse(await readFile(where, "utf8"));
    return { where, manifest, reads: () => readIn(folder) };
  } catch (error) {
    const isNone = ["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "");
    return isNone ? null : { where, error };
  }
}

function readIn(folder: string): Build["read"] {
  return async (path) => {
    const file = join(folder, path);
    if ((await stat(file)).size > mostFileBytes) throw new Error(`${path} is longer than a file may be`);
    return new Uint8Array(await readFile(file));
  };
}
