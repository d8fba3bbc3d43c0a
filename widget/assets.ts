/** Where the built scripts are, and what a page needs to pin them. For the edge, which serves them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { BuiltScript } from "./build/manifest.ts";

/** The one Trusted Types policy of our scripts, for pages of the edge that list theirs. */
export const trustedTypesPolicy = "pay-form";

export type AssetName = "pay-form.js" | "card-frame.js" | "embed-page.js" | "loader.js";

export interface Assets {
  version: string;
  /** Absolute folder of the files. */
  dir: string;
  /** What a page needs to pin each: `/v/<address>/<name>` at any edge that has it, immutable. */
  files: Record<AssetName, Pick<BuiltScript, "path" | "integrity" | "address">>;
}

/** @throws Error when `node widget/build.ts` has not been run */
export function assets(): Assets {
  const dir = join(import.meta.dirname, "dist");
  const { version, files } = readJson(join(dir, "manifest.json")) as Pick<Assets, "version" | "files">;
  return { version, dir, files };
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw new Error(`${path} is not there: run node widget/build.ts`, { cause });
  }
}
