/**
 * Where one is: behind the `#`, which browsers keep to themselves. A login's token and a payment's id are in no log and no
 * referrer then, and the edge serves one page.
 */
export interface Place {
  /** `["payments", "<id>"]`; empty at the beginning. */
  path: readonly string[];
  query: URLSearchParams;
}

export function readPlace(hash: string): Place {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  return { path: path.split("/").filter(Boolean).map(decode), query: new URLSearchParams(query) };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return "";
  }
}

/** `#/payments?state=captured`; what is empty is left out. */
export function placeOf(path: string, query: Readonly<Record<string, string>> = {}): string {
  const set = Object.entries(query).filter(([, value]) => value !== "");
  const search = new URLSearchParams(set).toString();
  return `#/${path}${search && `?${search}`}`;
}

/** Without a step back: a filter is no place of its own. */
export function replacePlace(path: string, query: Readonly<Record<string, string>>): void {
  history.replaceState(null, "", placeOf(path, query));
  window.dispatchEvent(new HashChangeEvent("hashchange"));
}
