import { edgePaths } from "@clarity/server/contract";

/** What a page of ours may do. Lists are origins or addresses; empty: nothing. */
export interface PagePolicy {
  /** Scripts it loads, each with its integrity. */
  scripts: readonly string[];
  /** Trusted Types policies that its scripts make. */
  trustedTypes: readonly string[];
  /** Who may be framed in it: card fields, a bank's page. They may ask for a wallet or a passkey. */
  frames: readonly string[];
  /** Who may frame it. */
  framedBy: readonly string[];
  /** No script without integrity. Default true; false where some are loaded later, by addresses that name their content. */
  wholeIntegrity?: boolean;
}

/** The name of the endpoint that browsers report to: ours. */
const endpoint = "pay";

/** What no page that takes payments needs (Permissions Policy); a name a browser does not know, it passes over. */
const unneeded = [
  "accelerometer",
  "autoplay",
  "camera",
  "display-capture",
  "encrypted-media",
  "geolocation",
  "gyroscope",
  "magnetometer",
  "microphone",
  "midi",
  "picture-in-picture",
  "screen-wake-lock",
  "serial",
  "usb",
  "xr-spatial-tracking",
];

/**
 * Headers of every page the edge serves. Its scripts are listed one by one and run only with their integrity, there is
 * no inline code and no sink without one of its own Trusted Types policies, and what a browser refuses it reports here,
 * to no other origin. `report-uri` is for browsers that do not know `report-to`.
 */
export function pageHeaders(policy: PagePolicy): Record<string, string> {
  const reports = edgePaths.receiveReports();
  return {
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-store",
    "content-security-policy": contentPolicy(policy, reports),
    ...(policy.wholeIntegrity !== false && {
      "integrity-policy": `blocked-destinations=(script), endpoints=(${endpoint})`,
    }),
    "permissions-policy": permissions(policy.frames),
    "reporting-endpoints": `${endpoint}="${reports}"`,
  };
}

function contentPolicy({ scripts, trustedTypes, frames, framedBy }: PagePolicy, reports: string): string {
  const sources = (allowed: readonly string[]) => allowed.join(" ") || "'none'";
  return [
    "default-src 'none'",
    `script-src ${sources(scripts)}`,
    "style-src 'self'",
    "connect-src 'self'",
    "font-src 'self'",
    "img-src 'self' data:",
    `frame-src ${sources(frames)}`,
    "require-trusted-types-for 'script'",
    `trusted-types ${sources(trustedTypes)}`,
    `frame-ancestors ${sources(framedBy)}`,
    "base-uri 'none'",
    "form-action 'none'",
    `report-uri ${reports}`,
    `report-to ${endpoint}`,
  ].join("; ");
}

function permissions(frames: readonly string[]): string {
  const allowed = `(${["self", ...frames.map((origin) => `"${origin}"`)].join(" ")})`;
  return [
    `payment=${allowed}`,
    `publickey-credentials-get=${allowed}`,
    ...unneeded.map((feature) => `${feature}=()`),
  ].join(", ");
}
