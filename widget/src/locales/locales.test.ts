import { expect, test } from "vitest";
import { en } from "./en.ts";
import { locales } from "./index.ts";

const places = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(String).sort();

test.each(Object.entries(locales))("%s has every word, with the same places to fill", (_, words) => {
  expect(Object.keys(words).sort()).toEqual(Object.keys(en).sort());
  for (const key of Object.keys(en) as (keyof typeof en)[]) {
    expect([key, places(words[key])]).toEqual([key, places(en[key])]);
    expect(words[key].trim(), key).not.toBe("");
  }
});

test.each(Object.entries(locales))("%s says what to do next in every refusal", (_, words) => {
  for (const [key, text] of Object.entries(words)) {
    if (/^(error|decline)\./.test(key)) expect(text.split(/[.。؟!] /).length, key).toBeGreaterThan(1);
  }
});
