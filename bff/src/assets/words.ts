import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Locale } from "@clarity/bff/contract";
import { z } from "zod";

/** The form's words in a language, keyed as in the widget's catalogue. */
export type Words = (locale: Locale) => Promise<Record<string, string>>;

/** Catalogues as `<dir>/<locale>.json`, each read once. */
export function createWords(dir: string): Words {
  const read = new Map<Locale, Promise<Record<string, string>>>();
  return (locale) => {
    const known = read.get(locale);
    if (known) return known;
    const words = readFile(join(dir, `${locale}.json`), "utf8").then((text) =>
      z.record(z.string(), z.string()).parse(JSON.parse(text)),
    );
    read.set(locale, words);
    // A failed read is tried again by the next session.
    words.catch(() => read.delete(locale));
    return words;
  };
}
