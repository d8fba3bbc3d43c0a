import fc from "fast-check";
import { expect, test } from "vitest";
import { compileTheme } from "./compile.ts";
import { presets } from "./presets.ts";
import { anySpec } from "./testing.ts";
import { tokens } from "./tokens.ts";

/** The whole language a theme may speak, as one expression: what does not match is not ours. */
const hex = "#[0-9a-f]{6}";
const number = "(?:0|[1-9][0-9]*)(?:\\.[0-9]+)?";
const rgb = `rgb\\(${number} ${number} ${number} / ${number}\\)`;
const layer = `0 ${number}px ${number}px ${rgb}`;
const family = '(?:"[A-Za-z][A-Za-z0-9 -]*"|[a-z]+(?:-[a-z]+)*|-apple-system)';
const value = `(?:${hex}|${number}(?:px|ms)?|${rgb}|${layer}(?:,${layer})*|${family}(?:,${family})*)`;
const declaration = `--_([a-z-]+):var\\(--pay-\\1,${value}\\)`;
const block = `\\{color-scheme:(?:light|dark)(?:;@)*\\}`;
const anonymous = block.replace("@", declaration.replace("\\1", "[a-z-]+"));
const sheet = new RegExp(
  `^:host${anonymous}` +
    `@media \\(prefers-color-scheme:dark\\)\\{:host\\(:not\\(\\[theme-mode=light\\]\\)\\)${anonymous}\\}` +
    `:host\\(\\[theme-mode=dark\\]\\)${anonymous}` +
    "@media \\(prefers-reduced-motion:reduce\\)\\{:host\\{--_motion:0ms\\}\\}$",
);

test("for any spec the sheet is made of our selectors, our names and parsed values only", () => {
  fc.assert(
    fc.property(anySpec, (spec) => {
      const { css } = compileTheme(spec);
      expect(css).toMatch(sheet);
      expect(css).not.toMatch(/url|@import|@property|\\|<|expression|image-set/i);
    }),
    { numRuns: 500 },
  );
});

test("the grammar above would notice a smuggled declaration", () => {
  const { css } = compileTheme(presets.plain);
  expect(css.replace("--_bg:", "background:url(//x);--_bg:")).not.toMatch(sheet);
  expect(css.replace("#2454d6", "#2454d6;}*{color:red")).not.toMatch(sheet);
});

test("each private name reads the public one of the same name first", () => {
  const { css } = compileTheme(presets.plain);
  const pairs = [...css.matchAll(/--_([a-z-]+):var\(--pay-([a-z-]+),/g)];
  expect(pairs.every(([, inner, outer]) => inner === outer)).toBe(true);
  expect(new Set(pairs.map(([, name]) => name))).toEqual(new Set(tokens.map(({ name }) => name)));
});

test("forced dark and system dark say the same", () => {
  const { css } = compileTheme(presets.acme);
  const system = /theme-mode=light\]\)\)\{([^}]*)\}/.exec(css)?.[1];
  const forced = /:host\(\[theme-mode=dark\]\)\{([^}]*)\}/.exec(css)?.[1];
  expect(system).toContain("color-scheme:dark;--_bg:");
  expect(forced).toBe(system);
});

test("shapes and fonts are said once, as dark mode changes colours only", () => {
  const { css } = compileTheme(presets.acme);
  expect(css.split("--_radius:").length).toBe(2);
  expect(css.split("--_font:").length).toBe(2);
});
