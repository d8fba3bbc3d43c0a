/** OKLCH by culori, narrowed to what the theme compiler needs. Every colour here is sRGB of 8 bits. */
import { clampChroma, formatHex, modeLrgb, modeOklch, modeRgb, useMode, wcagLuminance } from "culori/fn";
import type { Hex } from "./spec.ts";

useMode(modeRgb);
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
  return { hex, luminance: wcagLuminance(hex), l: clampUnit(l), c, h };
}

/** Chroma is lowered until the colour fits sRGB; lightness and hue stay. */
export function paint(l: number, c: number, h: number): Paint {
  const lightness = clampUnit(l);
  const hex = formatHex(clampChroma({ mode: "oklch", l: lightness, c, h }, "oklch")) as Hex;
  return { hex, luminance: wcagLuminance(hex), l: lightness, c, h };
}

export const atLightness = (color: Paint, l: number): Paint => paint(l, color.c, color.h);

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
/** Halvings of a stride: the answer is within .02 / 2⁵ = .0006 of the nearest lightness there is. */
const HALVINGS = 5;

/** The colour of the same hue and chroma nearest in lightness that passes; undefined when none does. */
export function nearest(seed: Paint, passes: (candidate: Paint) => boolean): Paint | undefined {
  if (passes(seed)) return seed;
  for (let distance = STRIDE; distance < 1 + STRIDE; distance += STRIDE) {
    for (const direction of [-1, 1]) {
      const from = seed.l + direction * (distance - STRIDE);
      if (from < 0 || from > 1) continue;
      const found = atLightness(seed, seed.l + direction * distance);
      if (passes(found)) return refine(found, from, passes);
    }
  }
  return undefined;
}

/** Walks a passing colour back towards the lightness `failing`, as far as it still passes. */
function refine(passing: Paint, failing: number, passes: (candidate: Paint) => boolean): Paint {
  let best = passing;
  let bad = failing;
  for (let i = 0; i < HALVINGS; i++) {
    const middle = atLightness(passing, (best.l + bad) / 2);
    if (passes(middle)) best = middle;
    else bad = middle.l;
  }
  return best;
}

function clampUnit(value: number): number {
  return Math.min(1, Math.max(0, value));
}
