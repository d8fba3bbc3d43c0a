import { en, type Key, type Words } from "./en.ts";

/** Languages beside English come when they are needed. Where one has no words yet, English stands in. */
const others: Readonly<Record<string, () => Promise<Partial<Words>>>> = {
  de: async () => (await import("./de.ts")).de,
  es: async () => (await import("./es.ts")).es,
  fr: async () => (await import("./fr.ts")).fr,
  ar: async () => (await import("./ar.ts")).ar,
};

let words: Words = en;
/** BCP 47, of the page: the edge has chosen it. */
export const language = document.documentElement.lang || "en";

/** Before anything is shown. What cannot be loaded is in English. */
export async function loadWords(): Promise<void> {
  const load = others[language];
  if (load) words = { ...en, ...(await load().catch(() => ({}))) };
}

/** The words for a key, with its places filled. */
export function say(key: Key, values: Readonly<Record<string, string | number>> = {}): string {
  return words[key].replaceAll(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** The same of a key that is made of data; null: there are no words for it. */
export const sayIfKnown = (key: string): string | null => (key in words ? say(key as Key) : null);
