/** From the colour seeds of one mode to its 24 colours. The contrast promises are kept here. */
import {
  atLightness,
  closest,
  contrast,
  contrastWithAll,
  nearest,
  type Paint,
  paint,
  paintOf,
} from "./color.ts";
import type { Hex } from "./spec.ts";
import type { ColorTokenName } from "./tokens.ts";

export interface ColorSeeds {
  brand: Hex;
  background: Hex;
  /** The brand's fill when absent. */
  accent: Hex | undefined;
  keepExactBrand: boolean;
  /** Dark mode insists on a dark background; light mode takes either side. */
  mode: "light" | "dark";
}

/** A seed that could not be used as it is. `why` is for the designer to read. */
export interface Shift {
  mode: "light" | "dark";
  token: ColorTokenName;
  from: Hex;
  to: Hex;
  why: string;
}

export interface Palette {
  /** Which side the background ended on, hence the `color-scheme` of native controls. */
  scheme: "light" | "dark";
  colors: Record<ColorTokenName, Paint>;
  /** Near-black of the neutrals' hue, for shadow and overlay. */
  ink: Paint;
  shifts: Shift[];
}

const WHITE = paintOf("#ffffff");
const BLACK = paintOf("#000000");

/**
 * Luminance the surfaces must stay above (light) or below (dark). Between the two neither near-black
 * nor near-white reaches 7:1 with room for a muted step: the mid-tone dead zone.
 */
const LIGHT_FROM = 0.36;
const DARK_TO = 0.075;

/** Below this OKLCH lightness of a fill a white label looks right, though black may measure higher. */
const WHITE_LABEL_BELOW = 0.72;

const HOVER_STEP = 0.055;
const ACTIVE_STEP = 0.1;
/** OKLCH lightness below which steps of a fill can no longer be told apart. */
const DARKEST_STATE = 0.08;

interface Neutral {
  chroma: number;
  hue: number;
}

/** Preferred OKLCH lightness by side; the search leaves it only when the contrast is not reached. */
const lightness = {
  light: { text: 0.24, muted: 0.5, placeholder: 0.54, control: 0.62, status: 0.52 },
  dark: { text: 0.95, muted: 0.74, placeholder: 0.68, control: 0.54, status: 0.77 },
};

/** OKLCH hue in degrees and chroma. Fixed, so that red means the same in every tenant's form. */
const statusHues = {
  danger: { h: 26, c: 0.18 },
  success: { h: 152, c: 0.13 },
  warning: { h: 68, c: 0.12 },
  info: { h: 245, c: 0.13 },
};

export function buildPalette(seeds: ColorSeeds): Palette {
  const shifts: Shift[] = [];
  const note = (token: ColorTokenName, from: Hex, to: Hex, why: string) => {
    if (from !== to) shifts.push({ mode: seeds.mode, token, from, to, why });
  };

  const brand = paintOf(seeds.brand);
  const background = paintOf(seeds.background);
  const tint = { chroma: Math.min(brand.c * 0.08, 0.012), hue: brand.h };

  const bg = settle(background, seeds.mode, tint);
  note("bg", background.hex, bg.hex, whyBackgroundMoved(background, bg, seeds.mode));
  const scheme = isDark(bg) ? "dark" : "light";
  const prefer = lightness[scheme];
  const layers = layersOf(bg, tint);
  const surfaces = Object.values(layers);

  const neutral = (l: number, ratio: number) => reach(paint(l, tint.chroma, tint.hue), surfaces, ratio);
  const ink = paint(0.18, tint.chroma, tint.hue);
  const fill = (seed: Paint) => fillWithLabel(seed, surfaces, ink);

  const primary = seeds.keepExactBrand ? exactFill(brand, ink) : fill(brand);
  note("primary", brand.hex, primary.fill.hex, whyFillMoved(brand, primary.fill));
  const accentSeed = seeds.accent && paintOf(seeds.accent);
  const accent = accentSeed ? fill(accentSeed) : primary;
  if (accentSeed) note("accent", accentSeed.hex, accent.fill.hex, whyFillMoved(accentSeed, accent.fill));
  const [hover, active] = pressedStates(primary.fill, primary.label);

  const colors: Palette["colors"] = {
    ...layers,
    text: neutral(prefer.text, 7),
    "text-muted": neutral(prefer.muted, 4.5),
    placeholder: neutral(prefer.placeholder, 4.5),
    border: paint(bg.l + (scheme === "dark" ? 0.13 : -0.11), layers.sunken.c, layers.sunken.h),
    control: neutral(prefer.control, 3),
    ring: reach(brand, surfaces, 3),
    primary: primary.fill,
    "on-primary": primary.label,
    "primary-hover": hover,
    "primary-active": active,
    link: reach(primary.fill, surfaces, 4.5),
    accent: accent.fill,
    "on-accent": accent.label,
    ...statusColors(prefer.status, surfaces, ink),
  };
  return { scheme, colors, ink, shifts };
}

/** The dark background a light theme gets when the tenant names none. */
export function darkBackgroundFor(brand: Hex, background: Hex): Hex {
  const light = paintOf(background);
  if (isDark(light)) return background;
  const source = light.c > 0.02 ? light : paintOf(brand);
  return paint(0.195, Math.min(source.c * 0.12, 0.018), source.h).hex;
}

function isDark(color: Paint): boolean {
  return color.luminance < (LIGHT_FROM + DARK_TO) / 2;
}

/** The background itself when text can stand on all its layers, else the nearest that allows it. */
function settle(background: Paint, mode: "light" | "dark", tint: Neutral): Paint {
  const settled = nearest(background, (candidate) => {
    const layers = Object.values(layersOf(candidate, tint));
    const darkEnough = layers.every((layer) => layer.luminance <= DARK_TO);
    return darkEnough || (mode === "light" && layers.every((layer) => layer.luminance >= LIGHT_FROM));
  });
  return settled ?? BLACK;
}

function layersOf(bg: Paint, tint: Neutral) {
  // A white background has no hue to deepen; its layers take a trace of the brand's instead.
  const { c, h } = bg.c > 0.004 ? bg : { c: tint.chroma / 2, h: tint.hue };
  const [surface, sunken] = isDark(bg) ? [0.03, 0.06] : [-0.02, -0.045];
  return { bg, surface: paint(bg.l + surface, c, h), sunken: paint(bg.l + sunken, c, h) };
}

/** Moves `seed` away from the surfaces until it has `ratio` on all; a settled background always allows ≤ 7. */
function reach(seed: Paint, surfaces: readonly Paint[], ratio: number): Paint {
  const passes = (candidate: Paint) => contrastWithAll(candidate, surfaces) >= ratio;
  const farEnd = surfaces.some(isDark) ? 1 : 0;
  return passes(seed) ? seed : closest(seed, { passing: farEnd, failing: seed.l }, passes);
}

interface Fill {
  fill: Paint;
  label: Paint;
}

function fillWithLabel(seed: Paint, surfaces: readonly Paint[], ink: Paint): Fill {
  for (const label of labelsFor(seed, ink)) {
    const fill = nearest(
      seed,
      (candidate) => contrast(candidate, label) >= 4.5 && contrastWithAll(candidate, surfaces) >= 3,
    );
    if (fill) return { fill, label };
  }
  throw new Error(`no lightness of ${seed.hex} carries a label on ${surfaces[0]?.hex}`);
}

/** The fill stays; black is tried last, as white or black has 4.5 on any colour whatever. */
function exactFill(fill: Paint, ink: Paint): Fill {
  const label = [...labelsFor(fill, ink), BLACK].find((candidate) => contrast(fill, candidate) >= 4.5);
  return { fill, label: label ?? WHITE };
}

function labelsFor(fill: Paint, ink: Paint): Paint[] {
  return fill.l < WHITE_LABEL_BELOW ? [WHITE, ink] : [ink, WHITE];
}

/** Hover and active darken, as a button sinks when pressed; they lighten where the label would suffer. */
function pressedStates(fill: Paint, label: Paint): [Paint, Paint] {
  const step = (direction: number): [Paint, Paint] => [
    atLightness(fill, fill.l + direction * HOVER_STEP),
    atLightness(fill, fill.l + direction * ACTIVE_STEP),
  ];
  const darker = step(-1);
  const legible = contrastWithAll(label, darker) >= 4.5;
  return legible && fill.l - ACTIVE_STEP > DARKEST_STATE ? darker : step(1);
}

function statusColors(preferred: number, surfaces: readonly Paint[], ink: Paint) {
  const solve = ({ h, c }: { h: number; c: number }) =>
    exactFill(reach(paint(preferred, c, h), surfaces, 4.5), ink);
  const danger = solve(statusHues.danger);
  const success = solve(statusHues.success);
  const warning = solve(statusHues.warning);
  const info = solve(statusHues.info);
  return {
    danger: danger.fill,
    "on-danger": danger.label,
    success: success.fill,
    "on-success": success.label,
    warning: warning.fill,
    "on-warning": warning.label,
    info: info.fill,
    "on-info": info.label,
  };
}

function whyBackgroundMoved(from: Paint, to: Paint, mode: "light" | "dark"): string {
  if (mode === "dark" && from.luminance >= LIGHT_FROM) return "Dark mode needs a dark background.";
  const word = to.l > from.l ? "Lightened" : "Darkened";
  return `${word}: on a mid-tone background neither dark nor light text reaches 7:1.`;
}

function whyFillMoved(from: Paint, to: Paint): string {
  const word = to.l > from.l ? "Lightened" : "Darkened";
  return `${word} so that its label reaches 4.5:1 and the fill stands out from the background by 3:1.`;
}
