import type { End } from "./catalogue.ts";

/** Readable by a page's script: it may tell those who keep the page. */
const exposed = { "access-control-expose-headers": "deprecation, sunset" };

/** Says a version's end: `Deprecation` (RFC 9745 §2.1, seconds since 1970) and `Sunset` (RFC 8594 §3, an HTTP date). */
export function endHeaders(end: End | null): Record<string, string> {
  if (!end) return {};
  const { deprecatedOn, retiredOn } = end;
  const since = Date.parse(deprecatedOn ?? retiredOn) / 1_000;
  return { ...exposed, deprecation: `@${since}`, sunset: new Date(retiredOn).toUTCString() };
}
