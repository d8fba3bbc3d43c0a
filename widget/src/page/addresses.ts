/** `http` is good enough between programs of one machine (RFC 6761 §6.3, RFC 1122 §3.2.1.3), and nowhere else. */
const loopback = /^(localhost|[^/]+\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/** An address that names a server and nothing else: over TLS, or on loopback. */
function serverAt(text: string): URL | null {
  // The parser forgives blanks, line breaks and backslashes; whoever writes them has something in mind.
  const url = /^https?:\/\/[^\s\\]+$/i.test(text) ? URL.parse(text) : null;
  if (!url || url.username || url.password) return null;
  return url.protocol === "https:" || loopback.test(url.hostname) ? url : null;
}

/**
 * Where a page may be framed from, or null: `javascript:`, `data:` and `blob:` would run with what this page may do,
 * plain `http` can be rewritten on its way. `http` on loopback is taken only from an edge that is on loopback too.
 */
export function framedOrigin(address: string, edge: string): string | null {
  const url = serverAt(address);
  const isNear = loopback.test(new URL(edge).hostname);
  return url && (url.protocol === "https:" || isNear) ? url.origin : null;
}

export interface ScriptAddress {
  /** The `src` attribute as written. */
  written: string;
  /** What the browser makes of it now. */
  resolved: string;
  /** Address of the page. */
  page: string;
}

/**
 * Origin of the edge that a script of ours came from, or null. It is the edge's own address for that file, and a
 * `<base>` in the page's markup has no part in it.
 */
export function edgeOf({ written, resolved, page }: ScriptAddress, file: string): string | null {
  const url = serverAt(resolved);
  if (!url || URL.parse(written, page)?.href !== resolved) return null;
  const [, v, version, name, more] = url.pathname.split("/");
  return v === "v" && version && name === file && more === undefined ? url.origin : null;
}
