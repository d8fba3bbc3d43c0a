import { join } from "node:path";

const standard = {
  "Promise.withResolvers": "withResolvers",
  queueMicrotask: "soon",
  fetch: "ask",
  "JSON.stringify": "jsonOf",
  "crypto.randomUUID": "uuid",
  "Date.parse": "instantOf",
  "URL.parse": "parseUrl",
  "AbortSignal.timeout": "timeout",
  "AbortSignal.any": "anyOf",
  "Map.groupBy": "groupBy",
  "Array.from": "arrayOf",
  Event: "BrowserEvent",
} as const;

/** What stands in a bundle for names that a page may have made its own, and why: the header of each file. */
export function ownStandard(root: string): Record<string, [file: string, name: string]> {
  const page = (file: string, name: string): [string, string] => [join(root, "src/page", file), name];
  const own = Object.entries(standard).map(([free, name]) => [free, page("standard.ts", name)]);
  return Object.fromEntries([["document", page("document.ts", "realDocument")], ...own]);
}
