import { createHash } from "node:crypto";
import type { Manifest } from "../assets/manifest.ts";
import { addressOf } from "../assets/manifest.ts";

/** One answer as it came over the wire. */
export interface Seen {
  status: number;
  /** Names in lower case; one that came twice has both values, with a comma between. */
  headers: Record<string, string>;
  body: Uint8Array;
}

/** Asks for a path of the edge, uncompressed. */
export type Ask = (path: string) => Promise<Seen>;

/** What a payer's browser would get: the framed page, and every script of a build. */
export interface Look {
  page: Seen;
  /** By path. */
  scripts: Record<string, Seen>;
}

/** Always in one language, so that two looks are of one page. */
export const pagePath = "/embed?locale=en";

export async function look(ask: Ask, manifest: Manifest): Promise<Look> {
  const scripts: Look["scripts"] = {};
  for (const path of scriptPaths(manifest)) scripts[path] = await ask(path);
  return { page: await ask(pagePath), scripts };
}

/** By content. */
export const scriptPaths = ({ files }: Manifest): string[] =>
  Object.entries(files).map(([name, { integrity }]) => `/v/${addressOf(integrity)}/${name}`);

export const integrityOf = (body: Uint8Array): string =>
  `sha384-${createHash("sha384").update(body).digest("base64")}`;
