import { LRUCache } from "lru-cache";
import type { EdgeContext } from "../http/env.ts";
import { ofTenant } from "../upstream/claims.ts";
import type { Forwarder } from "../upstream/forward.ts";

/** A tenant's style sheet by its file's name. @throws Refusal `not_found`, or as `Forwarder` */
export type StyleSheets = (c: EdgeContext, params: { file: string }) => Promise<string>;

/** Characters remembered of all, some hundred themes. */
const remembered = 16 * 2 ** 20;

/**
 * A file's name is its content's hash: what has been read once is the answer for ever, and a page that loads it asks no
 * server. What is longer than a sixteenth of the memory is not kept.
 */
export function createStyleSheets(forward: Forwarder): StyleSheets {
  const known = new LRUCache<string, string>({
    maxSize: remembered,
    maxEntrySize: remembered / 16,
    sizeCalculation: (text) => text.length + 1,
  });
  return async (c, params) => {
    const key = `${c.get("host").tenant.id}/${params.file}`;
    const found = known.get(key);
    if (found !== undefined) return found;
    const read = await forward({ to: "readTheme", params, ...ofTenant(c) });
    const text = await read.text();
    known.set(key, text);
    return text;
  };
}
