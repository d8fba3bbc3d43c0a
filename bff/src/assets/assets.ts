import { readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import { edgePaths } from "@clarity/server/contract";
import { z } from "zod";
import { createWords, type Words } from "./words.ts";

/** `manifest.json` beside the built files: what is served, under which version, and what each file hashes to. */
const Manifest = z.object({
  version: z.string().regex(/^[\w.-]+$/),
  files: z.record(
    z.string().regex(/^[\w.-]+$/),
    /** `path` is relative to the manifest; `integrity` is for script tags (Subresource Integrity). */
    z.object({ path: z.string(), integrity: z.string().startsWith("sha384-") }),
  ),
});

const types: Record<string, string> = {
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".map": "application/json",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
};

export type Encoding = "br" | "gzip" | "identity";

/** One file, compressed once, in memory. */
interface Asset {
  type: string;
  integrity: string;
  bodies: Record<Encoding, Uint8Array<ArrayBuffer>>;
}

export interface Assets {
  version: string;
  /** A file of the manifest; anything else does not exist. */
  find(version: string, name: string): Asset | undefined;
  /** Address and integrity of a file, for a script tag. @throws when the build lacks it. */
  script(name: string): { src: string; integrity: string };
  words: Words;
}

/** Reads the widget's build. @throws when `manifest.json` or a file it names is missing or malformed. */
export async function createAssets(dir: string): Promise<Assets> {
  const manifest = Manifest.parse(JSON.parse(await readFile(join(dir, "manifest.json"), "utf8")));
  const { version } = manifest;
  const files = new Map<string, Asset>();
  for (const [name, { path, integrity }] of Object.entries(manifest.files)) {
    files.set(name, await read(join(dir, path), integrity));
  }
  return {
    version,
    find: (wanted, name) => (wanted === version ? files.get(name) : undefined),
    script(name) {
      const asset = files.get(name);
      if (!asset) throw new Error(`the widget's build has no ${name}`);
      return { src: edgePaths.readAsset({ version, file: name }), integrity: asset.integrity };
    },
    words: createWords(join(dir, "locales")),
  };
}

async function read(path: string, integrity: string): Promise<Asset> {
  const identity = new Uint8Array(await readFile(path));
  const brotli = { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } };
  const br = new Uint8Array(await promisify(brotliCompress)(identity, brotli));
  const gz = new Uint8Array(await promisify(gzip)(identity, { level: 9 }));
  const type = types[extname(path)] ?? "application/octet-stream";
  return { type, integrity, bodies: { identity, br, gzip: gz } };
}

/** The best of what the browser takes (RFC 9110 §12.5.3; weights aside, `q=0` is not used by browsers here). */
export function encodingFor(accept: string | undefined): Encoding {
  const offered = new Set(accept?.split(",").map((part) => part.trim().toLowerCase()));
  return offered.has("br") ? "br" : offered.has("gzip") ? "gzip" : "identity";
}
