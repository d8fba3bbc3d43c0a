/**
 * What our code takes of the language and the browser, where a page may have taken it away or put something else in
 * its place: zone.js has a `Promise` without `withResolvers`, Prototype.js gives arrays a `toJSON`, MooTools an `Event`
 * of its own, wrappers of `fetch` come and go; and browsers that are still in use lack the newest. `widget/build.ts`
 * puts these in the place of the free names of a bundle, so code is written as for a page of its own. Nothing here
 * changes what the page has.
 */

import { realDocument } from "./document.ts";

/** The language's own, which no page can replace: an async function's answer is always one. */
const OwnPromise = (async () => {})().constructor as PromiseConstructor;

export function withResolvers<T>(): PromiseWithResolvers<T> {
  const made = {} as PromiseWithResolvers<T>;
  made.promise = new OwnPromise<T>((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
}

export async function soon(run: () => void): Promise<void> {
  await null;
  run();
}

/** As it was when this script ran first: who wraps it later sees nothing of ours. */
export const ask: typeof fetch = globalThis.fetch?.bind(globalThis);

/** `JSON.stringify` for plain data, which asks no `toJSON`. */
export function jsonOf(value: unknown): string {
  if (typeof value === "string") return quoted(value);
  if (Array.isArray(value)) return `[${[...value].map((each) => jsonOf(each ?? null)).join(",")}]`;
  if (typeof value !== "object" || !value) return String(value);
  const fields: string[] = [];
  for (const name of Object.keys(value)) {
    const field = (value as Record<string, unknown>)[name];
    if (field !== undefined) fields[fields.length] = `${quoted(name)}:${jsonOf(field)}`;
  }
  return `{${fields.join(",")}}`;
}

function quoted(text: string): string {
  const escaped = (sign: string) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return `"${text.replace(/["\\\p{Cc}]/gu, escaped)}"`;
}

/** RFC 9562, version 4. */
export function uuid(): ReturnType<Crypto["randomUUID"]> {
  const bytes = globalThis.crypto.getRandomValues(new Uint8Array(16));
  let at = 0;
  const digits = "xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx".replace(/[xy]/g, (kind) => {
    const half = ((bytes[at >> 1] ?? 0) >> (at++ % 2 ? 4 : 0)) & 15;
    return (kind === "x" ? half : (half & 3) | 8).toString(16);
  });
  return digits as ReturnType<Crypto["randomUUID"]>;
}

/** ms; `Date.parse` of MooTools and Datejs answers with a `Date`. */
export function instantOf(text: string): number {
  return new Date(text).getTime();
}

export function parseUrl(text: string | URL, base?: string | URL): URL | null {
  try {
    return new URL(text, base);
  } catch {
    return null;
  }
}

/** Aborted after so much time. */
export function timeout(ms: number): AbortSignal {
  const end = new AbortController();
  setTimeout(() => end.abort(), ms);
  return end.signal;
}

/** Aborted with the first of them. */
export function anyOf(signals: readonly AbortSignal[]): AbortSignal {
  const end = new AbortController();
  for (const signal of signals) {
    if (signal.aborted) end.abort();
    // Whichever ends first frees the others of it.
    signal.addEventListener("abort", () => end.abort(), { once: true, signal: end.signal });
  }
  return end.signal;
}

export function groupBy<T, K>(items: Iterable<T>, keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}

/** Of something with a length, by `make` or as it is; MooTools makes an array of one of it. */
export function arrayOf<T, U = T>(
  from: ArrayLike<T>,
  make: (value: T, at: number) => U = (value) => value as unknown as U,
): U[] {
  const made: U[] = [];
  for (let at = 0; at < from.length; at++) made[at] = make(from[at] as T, at);
  return made;
}

/** A page's class of that name makes nothing that an element could dispatch. */
export const BrowserEvent = realDocument.createEvent("Event").constructor as typeof Event;
