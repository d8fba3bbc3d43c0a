import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { inventory } from "./inventory.ts";
import { pinned } from "./manifest.ts";
import { manifestIn } from "./release.ts";

/** The build as it is: `npm test` makes it first. */
const dist = join(import.meta.dirname, "..", "dist");
const manifest = manifestIn(dist);
const today = new Date().toISOString().slice(0, 10);

test("every script of the build is in its manifest, and says what it hashes to, why, whose, who and when", () => {
  const scripts = readdirSync(dist).filter((name) => name.endsWith(".js"));
  expect(Object.keys(manifest.files).sort()).toEqual(scripts.sort());
  expect(Object.keys(inventory).sort()).toEqual(scripts.sort());
  for (const name of scripts) {
    const file = manifest.files[name] ?? expect.fail(name);
    expect(file, name).toMatchObject(pinned(dist, name));
    for (const said of ["why", "owner", "authorizedBy", "pages"] as const)
      expect(file[said].length, `${name} ${said}`).toBeGreaterThan(5);
    expect(file.authorizedOn, name).toMatch(/^\d{4}-\d\d-\d\d$/);
    expect(file.authorizedOn <= today, name).toBe(true);
  }
});

test("every language is in the manifest by what it hashes to", () => {
  const found = readdirSync(join(dist, "locales")).map((name) => name.replace(".json", ""));
  expect(Object.keys(manifest.locales).sort()).toEqual(found.sort());
  for (const [locale, file] of Object.entries(manifest.locales))
    expect(file).toEqual(pinned(dist, `locales/${locale}.json`));
});

test("a script makes the Trusted Types policies it says, and none under another's name", () => {
  for (const [name, { trustedTypes }] of Object.entries(manifest.files)) {
    const source = readFileSync(join(dist, name), "utf8");
    const made = [...source.matchAll(/createPolicy\(["'`]([\w-]+)["'`]/g)].map(([, policy]) => policy);
    expect(trustedTypes, name).toEqual(expect.arrayContaining(made));
    expect(trustedTypes.length > 0, name).toBe(source.includes("createPolicy("));
    expect(source, name).not.toContain("lit-html");
    for (const policy of trustedTypes) expect(source, name).toContain(policy);
  }
});
