/** Random specs and an own reading of WCAG, so that the tests do not lean on the code they judge. */
import fc from "fast-check";
import { fontIds } from "./fonts.ts";
import type { Hex, ThemeSpec } from "./spec.ts";

const hex = fc
  .integer({ min: 0, max: 0xffffff })
  .map((bits) => `#${bits.toString(16).padStart(6, "0")}` as Hex);
const unit = fc.double({ min: 0, max: 1, noNaN: true });
const font = fc.constantFrom(...fontIds);

export const anySpec: fc.Arbitrary<ThemeSpec> = fc.record(
  {
    brand: hex,
    background: hex,
    font,
    radius: unit,
    density: unit,
    layout: fc.record({
      labels: fc.constantFrom("above" as const, "floating" as const),
      fields: fc.constantFrom("spaced" as const, "condensed" as const),
      methods: fc.constantFrom("tabs" as const, "accordion" as const),
    }),
    accent: hex,
    headingFont: font,
    dark: fc.record({ brand: hex, background: hex }, { requiredKeys: [] }),
    keepExactBrand: fc.boolean(),
  },
  { requiredKeys: ["brand", "background", "font", "radius", "density", "layout"] },
);

/** WCAG 2.2, "relative luminance" and "contrast ratio", from `#rrggbb` text. */
export function wcagContrast(a: string, b: string): number {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

export function luminance(hexText: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(hexText.slice(at, at + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
