import type { Locale } from "@clarity/bff/contract";
import { z } from "zod";
import { readVerified } from "./bodies.ts";
import type { Build } from "./build-source.ts";

/** The form's words in a language, keyed as in the widget's catalogue. */
export type Words = (locale: Locale) => Promise<Record<string, string>>;

/** The words of one build, each language read once, and only as its manifest names it. */
export function createWords(build: Build): Words {
  const read = new Map<Locale, Promise<Record<string, string>>>();
  return (locale) => {
    const known = read.get(locale);
    if (known) return known;
    const words = readWords(build, locale);
    read.set(locale, words);
    // A failed read is tried again by the next session.
    words.catch(() => read.delete(locale));
    return words;
  };
}

async function readWords(build: Build, locale: Locale): Promise<Record<string, string>> {
  const named = build.manifest.locales[locale];
  if (!named) throw new Error(`the widget's build has no words in ${locale}`);
  const bytes = await readVerified({ build, ...named });
  return z.record(z.string(), z.string()).parse(JSON.parse(new TextDecoder().decode(bytes)));
}
