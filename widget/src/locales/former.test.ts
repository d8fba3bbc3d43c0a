import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { locales } from "./index.ts";

/** Keys of the former release's words, with the places in each: a page pinned to it is sent today's words. */
const former = JSON.parse(readFileSync(new URL("former.json", import.meta.url), "utf8")) as Record<
  string,
  string[]
>;
const placesIn = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);

test.each(Object.entries(locales))(
  "in %s a form of the former release finds its words, with its places",
  (_, words) => {
    const today: Readonly<Record<string, string>> = words;
    for (const [key, places] of Object.entries(former)) {
      expect(today[key], `${key} is gone`).toBeDefined();
      const unknown = placesIn(today[key] ?? "").filter((name) => !places.includes(name ?? ""));
      expect(unknown, `${key} has places that the former form does not fill`).toEqual([]);
    }
  },
);
