import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { elementManifest } from "./element-manifest.ts";

const folder = join(import.meta.dirname, "../src/pay-form");
const read = (path: string) => readFileSync(join(folder, path), "utf8");
const css = readdirSync(join(folder, "styles"))
  .map((name) => read(`styles/${name}`))
  .join("\n");
const views = readdirSync(join(folder, "views"))
  .map((name) => read(`views/${name}`))
  .join("\n");
const element = elementManifest({ source: read("pay-form.ts"), css, path: "pay-form.js" }).modules[0]
  ?.declarations[0];

test("every part a view shows is in the element's header, and none beside it", () => {
  const used = new Set([...views.matchAll(/part="([^"$]+)"/g)].flatMap(([, names = ""]) => names.split(" ")));
  used.add("button-primary");
  expect(element?.cssParts.map(({ name }) => name).sort()).toEqual([...used].sort());
});

test("attributes and events of the header are those the code knows", () => {
  expect(element?.attributes.map(({ name }) => name)).toEqual(["token", "token-url", "locale", "theme-mode"]);
  const events = [...read("events.ts").matchAll(/super\("([\w-]+)"/g)].map(([, name]) => name);
  expect(element?.events.map(({ name }) => name).sort()).toEqual(events.sort());
});

test("the public properties are the themes' own, described", () => {
  const primary = element?.cssProperties.find(({ name }) => name === "--pay-primary");
  expect(primary?.description).not.toBe("");
});

test("a property no theme sets does not build", () => {
  const header = "/**\n * @tag x-y\n */\nexport class X";
  const build = () => elementManifest({ source: header, css: "p{color:var(--_primray)}", path: "x.js" });
  expect(build).toThrow("--_primray");
});
