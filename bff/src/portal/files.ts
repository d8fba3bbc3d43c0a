import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { type Body, compress, readVerified } from "../assets/bodies.ts";

/** As the portal's build writes it: `server/portal/build.ts`. */
const Manifest = z.object({
  /** What the page loads, by name. */
  script: z.string(),
  style: z.string(),
  trustedTypes: z.array(z.string()),
  /** Every file by its name, which names its content, with its integrity. */
  files: z.record(z.string().regex(/^[\w-]+\.(?:js|css|woff2)$/), z.string().startsWith("sha384-")),
});

export interface PortalFile extends Body {
  integrity: string;
}

export interface PortalFiles {
  script: { name: string; integrity: string };
  style: { name: string; integrity: string };
  /** All scripts by name: those that are loaded later too. */
  scripts: readonly string[];
  trustedTypes: readonly string[];
  /** undefined: there is none of that name. */
  find(name: string): PortalFile | undefined;
}

/**
 * The portal's build, read and compressed once: an edge has one.
 *
 * @param dir null: this edge serves no portal
 * @throws Error when it is damaged
 */
export async function openPortalFiles(dir: string | null): Promise<PortalFiles | null> {
  if (dir === null) return null;
  const manifest = Manifest.parse(JSON.parse(await readFile(join(dir, "manifest.json"), "utf8")));
  const build = { read: async (path: string) => new Uint8Array(await readFile(join(dir, path))) };
  const files = new Map<string, PortalFile>();
  for (const [name, integrity] of Object.entries(manifest.files)) {
    const bytes = await readVerified({ build, path: `assets/${name}`, integrity });
    files.set(name, { ...(await compress(bytes, name)), integrity });
  }
  const pinned = (name: string) => {
    const file = files.get(name);
    if (!file) throw new Error(`${dir}: ${name} is not among the files of its manifest`);
    return { name, integrity: file.integrity };
  };
  return {
    script: pinned(manifest.script),
    style: pinned(manifest.style),
    scripts: [...files.keys()].filter((name) => name.endsWith(".js")),
    trustedTypes: manifest.trustedTypes,
    find: (name) => files.get(name),
  };
}
