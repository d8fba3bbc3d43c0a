import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compileTheme } from "./compile.ts";
import { presets } from "./presets.ts";
import { ThemeSpec } from "./spec.ts";
import { anySpec } from "./testing.ts";

const { plain } = presets;

function refusal(spec: unknown): string {
  const result = ThemeSpec.safeParse(spec);
  if (result.success) throw new Error(`accepted: ${JSON.stringify(spec)}`);
  return result.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("\n");
}

const payloads = [
  "red",
  "#fff",
  "#12345",
  "#1234567",
  "#12345g",
  "#123456;}body{display:none",
  "#123456\n",
  " #123456",
  "url(https://evil.test/x)",
  'image-set("https://evil.test/x" 1x)',
  "u\\72l(https://evil.test/x)",
  "var(--x)",
  "rgb(0 0 0 / 0)",
  "expression(alert(1))",
  "</style><script>alert(1)</script>",
  "@import 'https://evil.test/x'",
  "＃123456",
  "#１２３４５６",
  "",
];

describe("hostile values", () => {
  test.each(payloads)("a colour %j is refused in every place a colour goes", (payload) => {
    for (const spec of [
      { ...plain, brand: payload },
      { ...plain, background: payload },
      { ...plain, accent: payload },
      { ...plain, dark: { brand: payload } },
      { ...plain, dark: { background: payload } },
    ]) {
      expect(refusal(spec)).toContain('a colour as "#rrggbb"');
    }
  });

  test.each([...payloads, "Arial", "system, serif", "__proto__", "toString"])(
    "a font %j is refused",
    (payload) => {
      expect(refusal({ ...plain, font: payload })).toContain("one of the font ids system,");
      expect(refusal({ ...plain, headingFont: payload })).toContain("not a CSS font family");
    },
  );

  test.each([Number.NaN, Number.POSITIVE_INFINITY, -0.01, 1.01, "0.5", "calc(1px)", null, [0.5], 1n])(
    "a radius or density of %s is refused",
    (value) => {
      expect(refusal({ ...plain, radius: value })).toBe("radius: a number from 0 to 1");
      expect(refusal({ ...plain, density: value })).toBe("density: a number from 0 to 1");
    },
  );

  test("unknown keys are refused by name at every level", () => {
    expect(refusal({ ...plain, css: "*{}" })).toContain('"css"');
    expect(refusal({ ...plain, layout: { ...plain.layout, columns: 2 } })).toContain('"columns"');
    expect(refusal({ ...plain, dark: { primary: "#000000" } })).toContain('"primary"');
    expect(refusal(JSON.parse('{"__proto__":{"css":"x"}}'))).toContain("brand");
  });

  test("objects that only look like text are refused", () => {
    const sneaky = { toString: () => "#123456", toLowerCase: () => "red;}" };
    expect(refusal({ ...plain, brand: sneaky })).toContain("brand: a colour");
    expect(refusal({ ...plain, brand: new String("#123456") })).toContain("brand: a colour");
  });

  test("compileTheme itself refuses what the schema refuses", () => {
    fc.assert(
      fc.property(anySpec, fc.string(), (spec, text) => {
        fc.pre(!/^#[0-9a-f]{6}$/i.test(text));
        expect(() => compileTheme({ ...spec, brand: text })).toThrow(/rrggbb/);
      }),
      { numRuns: 500 },
    );
  });
});

test("a seed that is missing is named", () => {
  const { brand: _, ...rest } = plain;
  expect(refusal(rest)).toBe('brand: a colour as "#rrggbb"');
});
