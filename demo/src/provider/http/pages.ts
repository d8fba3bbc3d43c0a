import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { Call } from "./app-env.ts";

export interface Asset {
  text: string;
  /** Subresource Integrity: `sha384-…`. */
  integrity: string;
  /** Names this very content in a URL, so that browsers may keep it for good. */
  version: string;
}

export async function readAsset(file: string | URL): Promise<Asset> {
  const text = await readFile(file, "utf8");
  const integrity = `sha384-${createHash("sha384").update(text).digest("base64")}`;
  const version = createHash("sha256").update(text).digest("hex").slice(0, 16);
  return { text, integrity, version };
}

/** Answers with a script or style sheet; kept a year when asked for by the version it still has. */
export function sendAsset(c: Call, asset: Asset, type: "text/javascript" | "text/css"): Response {
  const isCurrent = c.req.query("v") === asset.version;
  return c.body(asset.text, 200, {
    "content-type": `${type}; charset=utf-8`,
    "cache-control": isCurrent ? "public, max-age=31536000, immutable" : "no-cache",
    "cross-origin-resource-policy": "same-origin",
  });
}

/**
 * Content-Security-Policy of a page: own files only, nothing inline, no string into script.
 * @param frameAncestors CSP sources that may frame it; empty: nobody
 * @param more further directives
 */
export function pagePolicy(frameAncestors: string[], more: string[] = []): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
    `frame-ancestors ${frameAncestors.join(" ") || "'none'"}`,
    ...more,
  ].join("; ");
}
