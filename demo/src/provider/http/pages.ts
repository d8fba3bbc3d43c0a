import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { ApiError } from "../errors.ts";
import type { Call } from "./app-env.ts";

export interface Asset {
  text: string;
  /** Subresource Integrity: `sha384-…`. */
  integrity: string;
  /** The same hash as one segment of a path: it names this very content. */
  address: string;
}

export async function readAsset(file: string | URL): Promise<Asset> {
  const text = await readFile(file, "utf8");
  const digest = createHash("sha384").update(text).digest();
  return { text, integrity: `sha384-${digest.toString("base64")}`, address: digest.toString("base64url") };
}

/** Where a page finds it. */
export const pathOf = (name: string, { address }: Asset): string => `/v/${address}/${name}`;

/**
 * Answers `/v/:address/<name>` with a script or style sheet, for good.
 * @throws ApiError not_found for another content than this one
 */
export function sendAsset(c: Call, asset: Asset, type: "text/javascript" | "text/css"): Response {
  if (c.req.param("address") !== asset.address) throw new ApiError("not_found", "no such content");
  return c.body(asset.text, 200, {
    "content-type": `${type}; charset=utf-8`,
    "cache-control": "public, max-age=31536000, immutable",
    "cross-origin-resource-policy": "same-origin",
  });
}

const unneeded = ["camera", "display-capture", "geolocation", "microphone", "midi", "serial", "usb"];

interface PagePolicy {
  /** CSP sources of scripts. Default: own files; or the hash of a script that stands in the page. */
  scripts?: string;
  /** Further directives. */
  more?: string[];
}

/**
 * Headers of a page: own files only, scripts only with their integrity, no string into script; what a browser refuses it
 * reports here.
 * @param frameAncestors CSP sources that may frame it; empty: nobody
 */
export function setPageHeaders(c: Call, frameAncestors: string[], policy: PagePolicy = {}): void {
  const { scripts = "'self'", more = [] } = policy;
  const directives = [
    "default-src 'none'",
    `script-src ${scripts}`,
    "style-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
    "report-uri /reports",
    "report-to card",
    ...more,
    `frame-ancestors ${frameAncestors.join(" ") || "'none'"}`,
  ];
  c.header("content-security-policy", directives.join("; "));
  c.header("reporting-endpoints", 'card="/reports"');
  c.header("integrity-policy", "blocked-destinations=(script), endpoints=(card)");
  c.header("permissions-policy", unneeded.map((feature) => `${feature}=()`).join(", "));
}
