import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { inventory, type Justification } from "./inventory.ts";

/** A file of the build as pages pin it. */
export interface Pinned {
  /** Relative to the manifest. */
  path: string;
  /** Subresource Integrity, `sha384-…`. */
  integrity: string;
  /** The same as one segment of a path: `/v/<address>/<file>` is this content for ever. */
  address: string;
  bytes: number;
}

export interface BuiltScript extends Pinned, Justification {
  /** At quality 11. */
  brotliBytes: number;
}

/** `manifest.json` of a build: what the edge serves of it, and what assessors ask of each script. */
export interface BuildManifest {
  version: string;
  /** Calendar dates, once the version's end is announced: see `widget/release.ts`. */
  deprecatedOn?: string;
  retiredOn?: string;
  files: Record<string, BuiltScript>;
  /** The form's words, by language. */
  locales: Record<string, Pinned>;
}

export function pinned(dir: string, path: string): Pinned {
  const bytes = readFileSync(join(dir, path));
  const hash = createHash("sha384").update(bytes);
  const digest = hash.digest();
  return {
    path,
    integrity: `sha384-${digest.toString("base64")}`,
    address: digest.toString("base64url"),
    bytes: bytes.length,
  };
}

/** @throws Error when nobody has said why the script is there */
export function builtScript(dir: string, file: string, brotliBytes: number): BuiltScript {
  const justification = inventory[file];
  if (!justification) throw new Error(`${file} is in no inventory: widget/build/inventory.ts`);
  return { ...pinned(dir, file), brotliBytes, ...justification };
}
