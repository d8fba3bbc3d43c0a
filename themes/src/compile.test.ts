import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compileTheme } from "./compile.ts";
import { presets } from "./presets.ts";
import type { Hex, ThemeSpec } from "./spec.ts";
import { anySpec, luminance, wcagContrast } from "./testing.ts";
import { tokens } from "./tokens.ts";

const runs = { numRuns: 2_000 };
/** For 2,000 themes on a busy machine. */
const patience = { timeout: 120_000 };
const { plain } = presets;

/** Written out once more on purpose: a promise dropped from the code must fail here. */
const onSurfaces: Record<string, number> = {
  text: 7,
  "text-muted": 4.5,
  placeholder: 4.5,
  link: 4.5,
  danger: 4.5,
  success: 4.5,
  warning: 4.5,
  info: 4.5,
  control: 3,
  ring: 3,
  primary: 3,
  accent: 3,
};
const labels: Record<string, string[]> = {
  "on-primary": ["primary", "primary-hover", "primary-active"],
  "on-accent": ["accent"],
  "on-danger": ["danger"],
  "on-success": ["success"],
  "on-warning": ["warning"],
  "on-info": ["info"],
};

function failures(values: Record<string, string>): string[] {
  const at = (name: string) => values[`--pay-${name}`] ?? "missing";
  const short = (token: string, against: string, ratio: number) => {
    const actual = wcagContrast(at(token), at(against));
    return actual >= ratio ? [] : [`${token} on ${against}: ${actual.toFixed(2)} < ${ratio}`];
  };
  return [
    ...Object.entries(onSurfaces).flatMap(([token, ratio]) =>
      ["bg", "surface", "sunken"].flatMap((surface) => short(token, surface, ratio)),
    ),
    ...Object.entries(labels).flatMap(([label, fills]) => fills.flatMap((fill) => short(label, fill, 4.5))),
  ];
}

describe("contrast", () => {
  test("every promise holds in light and dark for any spec that lets its brand move", patience, () => {
    fc.assert(
      fc.property(anySpec, (spec) => {
        const theme = compileTheme({ ...spec, keepExactBrand: false });
        expect(failures(theme.light)).toEqual([]);
        expect(failures(theme.dark)).toEqual([]);
        expect(theme.waived).toEqual([]);
      }),
      runs,
    );
  });

  test(
    "an exact brand is kept to the bit, and exactly the promises it breaks are listed as waived",
    patience,
    () => {
      fc.assert(
        fc.property(anySpec, (spec) => {
          const theme = compileTheme({ ...spec, keepExactBrand: true });
          expect(theme.light["--pay-primary"]).toBe(spec.brand);
          expect(theme.dark["--pay-primary"]).toBe(spec.dark?.brand ?? spec.brand);
          for (const mode of ["light", "dark"] as const) {
            const waived = theme.waived.filter((waiver) => waiver.mode === mode);
            const broken = failures(theme[mode]);
            expect(waived.length).toBe(broken.length);
            expect(broken.every((line) => /^(primary|accent) on (bg|surface|sunken)/.test(line))).toBe(true);
          }
        }),
        runs,
      );
    },
  );

  test("rest, hover and active can be told apart", () => {
    fc.assert(
      fc.property(anySpec, (spec) => {
        const { light, dark } = compileTheme(spec);
        for (const values of [light, dark]) {
          const states = ["--pay-primary", "--pay-primary-hover", "--pay-primary-active"] as const;
          expect(new Set(states.map((state) => values[state])).size).toBe(3);
        }
      }),
      { numRuns: 500 },
    );
  });

  test("dark mode is dark, whatever the seeds", () => {
    fc.assert(
      fc.property(anySpec, (spec) => {
        const { dark, modes } = compileTheme(spec);
        expect(luminance(dark["--pay-bg"])).toBeLessThan(0.1);
        expect(modes.dark.scheme).toBe("dark");
      }),
      { numRuns: 500 },
    );
  });

  test("a blue as dark as #0078d4 gets a white label, though black measures higher", () => {
    expect(compileTheme({ ...plain, brand: "#0078d4" }).light["--pay-on-primary"]).toBe("#ffffff");
  });

  test("neutral text is barely tinted", () => {
    const { light } = compileTheme({ ...plain, brand: "#ff0000" });
    expect(light["--pay-text"]).toMatch(/^#2[0-9a-f]1[0-9a-f]1[0-9a-f]$/);
  });
});

describe("shifts", () => {
  test("a seed that needs no help is not moved", () => {
    const theme = compileTheme({ ...plain, keepExactBrand: false });
    expect(theme.shifts.filter(({ mode }) => mode === "light")).toEqual([]);
    expect(theme.light["--pay-primary"]).toBe(plain.brand);
    expect(theme.light["--pay-bg"]).toBe(plain.background);
  });

  test("a pale brand is darkened, and the designer is told from what, to what and why", () => {
    const { shifts, light } = compileTheme({ ...plain, brand: "#ffd400" });
    expect(shifts[0]).toEqual({
      mode: "light",
      token: "primary",
      from: "#ffd400",
      to: light["--pay-primary"],
      why: "Darkened so that its label reaches 4.5:1 and the fill stands out from the background by 3:1.",
    });
  });

  test("a mid-tone background goes to the nearer side", () => {
    const lighter = compileTheme({ ...plain, background: "#909090" });
    expect(luminance(lighter.light["--pay-bg"])).toBeGreaterThan(luminance("#909090"));
    const darker = compileTheme({ ...plain, background: "#505050" });
    expect(luminance(darker.light["--pay-bg"])).toBeLessThan(luminance("#505050"));
    expect(darker.modes.light.scheme).toBe("dark");
    expect(darker.shifts[0]?.token).toBe("bg");
  });

  test("a light background named for dark mode is darkened and reported", () => {
    const { shifts } = compileTheme({ ...plain, dark: { background: "#ffffff" } });
    expect(shifts.find(({ token }) => token === "bg")).toMatchObject({
      mode: "dark",
      from: "#ffffff",
      why: "Dark mode needs a dark background.",
    });
  });
});

describe("hash", () => {
  test("does not depend on the order of keys or the case of colours", () => {
    fc.assert(
      fc.property(anySpec, (spec) => {
        const reordered = Object.fromEntries(Object.entries(spec).reverse()) as ThemeSpec;
        const shouting = { ...reordered, brand: spec.brand.toUpperCase() as Hex };
        expect(compileTheme(shouting).hash).toBe(compileTheme(spec).hash);
      }),
      { numRuns: 200 },
    );
  });

  test("differs when a seed differs", () => {
    fc.assert(
      fc.property(anySpec, anySpec, (a, b) => {
        fc.pre(JSON.stringify(a) !== JSON.stringify(b));
        expect(compileTheme(a).hash).not.toBe(compileTheme(b).hash);
      }),
      { numRuns: 200 },
    );
    const hashes = [
      plain,
      { ...plain, layout: { ...plain.layout, labels: "floating" as const } },
      { ...plain, keepExactBrand: true },
      { ...plain, radius: 0.30001 },
    ].map((spec) => compileTheme(spec).hash);
    expect(new Set(hashes).size).toBe(hashes.length);
  });

  test("is 32 hex digits, pinned: when this changes, every cached theme is fetched anew", () => {
    expect(compileTheme(plain).hash).toMatch(/^[0-9a-f]{32}$/);
    expect(compileTheme(plain).hash).toMatchInlineSnapshot(`"c132db27bd47cc90b9797d332be9d28f"`);
  });
});

test("a value for each token in both modes, of its declared type, and nothing else", () => {
  const { light, dark, modes } = compileTheme(plain);
  const names = tokens.map(({ name }) => `--pay-${name}`);
  expect(Object.keys(light)).toEqual(names);
  expect(Object.keys(dark)).toEqual(names);
  for (const { name, type } of tokens) expect(modes.light.values[name].type).toBe(type);
});

test("fields never shrink below the 24 px target size, and a radius of 1 is a pill", () => {
  const { light } = compileTheme({ ...plain, density: 1, radius: 1 });
  expect(light["--pay-field-height"]).toBe("36px");
  expect(light["--pay-radius-button"]).toBe("18px");
});

test("the default density has a 4 px step, 44 px fields and 16 px text", () => {
  const { light } = compileTheme(plain);
  expect([light["--pay-space"], light["--pay-field-height"], light["--pay-font-size"]]).toEqual([
    "4px",
    "44px",
    "16px",
  ]);
});

test("a compiled theme survives JSON unchanged", () => {
  const theme = compileTheme(presets.acme);
  expect(JSON.parse(JSON.stringify(theme))).toEqual(theme);
});

test("every preset keeps its promises without moving its light brand", () => {
  for (const spec of Object.values(presets)) {
    const theme = compileTheme(spec);
    expect(theme.waived).toEqual([]);
    expect(theme.light["--pay-primary"]).toBe(spec.brand);
  }
});

test("compiles well under 5 ms, so that the editor can preview on every key stroke", () => {
  const specs = fc.sample(anySpec, 200);
  for (const spec of specs) compileTheme(spec);
  const started = process.cpuUsage();
  for (const spec of specs) compileTheme(spec);
  const spent = process.cpuUsage(started);
  expect((spent.user + spent.system) / 1_000 / specs.length).toBeLessThan(5);
});
