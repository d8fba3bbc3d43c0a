import { createHash } from "node:crypto";

/** What an internal token is for, and nothing else. */
export interface BoundRequest {
  method: string;
  /** Any origin; path and query count, as a URL spells them. */
  url: string;
  body: string | ArrayBuffer | undefined;
}

/**
 * The claim `req` of an internal token: SHA-256 of method, path with query and body, a line each, base64url. Neither of
 * the first two can hold a line's end.
 */
export function requestDigest({ method, url, body }: BoundRequest): string {
  const { pathname, search } = new URL(url);
  const digest = createHash("sha256").update(`${method}\n${pathname}${search}\n`);
  if (body !== undefined) digest.update(typeof body === "string" ? body : new Uint8Array(body));
  return digest.digest("base64url");
}
