/** OKLCH by culori, narrowed to what the theme compiler needs. Every colour here is sRGB of 8 bits. */
import { clampChroma, formatHex, modeLrgb, modeOklch, modeRgb, useMode } from "culori/fn";
import type { Hex } from "./spec.ts";
import { channels } from "./values.ts";

const toRgb = useMode(modeRgb);
useMode(modeLrgb);
const toOklch = useMode(modeOklch);

/** A colour as it will be shown (`hex`, and the WCAG luminance of exactly that) and as it was meant. */
export interface Paint {
  hex: Hex;
  /** WCAG 2 relative luminance, 0–1, of the rounded sRGB value. */
  luminance: number;
  /** OKLCH lightness 0–1. */
  l: number;
  /** OKLCH chroma, 0 to about .32 in sRGB. */
  c: number;
  /** OKLCH hue in degrees; 0 for greys. */
  h: number;
}

export function paintOf(hex: Hex): Paint {
  const { l, c, h = 0 } = toOklch(hex) ?? { l: 0, c: 0 };
  return { hex, luminance: luminance(hex), l: clampUnit(l), c, h };
}

/** Chroma is lowered until the colour fits sRGB; lightness and hue stay. */
export function paint(l: number, c: number, h: number): Paint {
  const lightness = clampUnit(l);
  const hex = formatHex(toRgb(clampChroma({ mode: "oklch", l: lightness, c, h }, "oklch"))) as Hex;
  return { hex, luminance: luminance(hex), l: lightness, c, h };
}

export const atLightness = (color: Paint, l: number): Paint => paint(l, color.c, color.h);

/** WCAG 2 linear value of each 8-bit channel; a compilation asks some thousand times. */
const linear = Float64Array.from({ length: 256 }, (_, channel) => {
  const value = channel / 255;
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
});

function luminance(hex: Hex): number {
  const [red, green, blue] = channels(hex);
  return 0.2126 * (linear[red] ?? 0) + 0.7152 * (linear[green] ?? 0) + 0.0722 * (linear[blue] ?? 0);
}

/** WCAG 2 contrast ratio, 1–21. */
export function contrast(a: Paint, b: Paint): number {
  const [low, high] = a.luminance < b.luminance ? [a, b] : [b, a];
  return (high.luminance + 0.05) / (low.luminance + 0.05);
}

/** The worst contrast of `color` with any of `others`. */
export const contrastWithAll = (color: Paint, others: readonly Paint[]): number =>
  Math.min(...others.map((other) => contrast(color, other)));

/** In OKLCH lightness: half the narrowest range a fill with a dark label has on a white form. */
const STRIDE = 0.02;
/** Finer than one step of an 8-bit grey (.003). */
const RESOLUTION = 0.001;

/** The colour of the same hue and chroma nearest in lightness that passes; undefined when none does. */
export function nearest(seed: Paint, passes: (candidate: Paint) => boolean): Paint | undefined {
  if (passes(seed)) return seed;
  for (let distance = STRIDE; distance < 1 + STRIDE; distance += STRIDE) {
    for (const direction of [-1, 1]) {
      const failing = seed.l + direction * (distance - STRIDE);
      if (failing < 0 || failing > 1) continue;
      const passing = clampUnit(seed.l + direction * distance);
      if (passes(atLightness(seed, passing))) return closest(seed, { passing, failing }, passes);
    }
  }
  return undefined;
}

/**
 * Of the seed's hue, between a lightness that passes and one that fails: the passing colour nearest
 * to the failing end. Passing must not alternate on the way.
 */
export function closest(
  seed: Paint,
  { passing, failing }: { passing: number; failing: number },
  passes: (candidate: Paint) => boolean,
): Paint {
  let best = atLightness(seed, passing);
  let bad = failing;
  while (Math.abs(best.l - bad) > RESOLUTION) {
    const middle = atLightness(seed, (best.l + bad) / 2);
    if (passes(middle)) best = middle;
    else bad = middle.l;
  }
  return best;
}

function clampUnit(value: number): number {
  return Math.min(1, Math.max(0, value));
}
