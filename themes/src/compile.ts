import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import { hexPalette } from "./hex-palette.ts";
import { buildMetrics } from "./metrics.ts";
import { buildPalette, darkBackgroundFor, type Palette, type Shift } from "./palette.ts";
import { brokenPromises, type Waiver } from "./promises.ts";
import { type Hex, type ParsedThemeSpec, ThemeSpec } from "./spec.ts";
import { type ModeValues, shadowStylesheet } from "./stylesheet.ts";
import { type ColorTokenName, colorTokenNames, type PayProperty, tokens } from "./tokens.ts";
import { cssValue, type ShadowLayer, type TokenValue, type TokenValues } from "./values.ts";

/** Everything a theme is, ready to send. Plain data: survives JSON. */
export interface CompiledTheme {
  /** 32 hex digits of SHA-256 over the spec and the CSS: changes with either, compiler updates included. */
  hash: string;
  /** For the form's shadow root (`replaceSync`) and `GET /theme/<hash>.css`. */
  css: string;
  /** Resolved values, for the card frame, which cannot read the host page's style. */
  light: Record<PayProperty, string>;
  dark: Record<PayProperty, string>;
  /** Colours for mail and PDF, which know neither CSS variables nor dark mode of ours. */
  email: Record<ColorTokenName, Hex>;
  layout: ParsedThemeSpec["layout"];
  /** Seeds that had to move to keep the contrast promises; for the designer. */
  shifts: Shift[];
  /** Contrast promises given up because of `keepExactBrand`; otherwise empty. */
  waived: Waiver[];
  /** The same values as numbers, for the exports. */
  modes: { light: ModeValues; dark: ModeValues };
}

/**
 * Pure and synchronous, a millisecond or two: the theme editor calls it on every key stroke.
 * Throws `z.ZodError` when `spec` is not a `ThemeSpec`; for any valid one it succeeds.
 */
export function compileTheme(spec: ThemeSpec): CompiledTheme {
  const parsed = ThemeSpec.parse(spec);
  const palettes = { light: lightPalette(parsed), dark: darkPalette(parsed) };
  const modes = { light: modeValues(parsed, palettes.light), dark: modeValues(parsed, palettes.dark) };
  const css = shadowStylesheet(modes.light, modes.dark);
  return {
    hash: bytesToHex(sha256(utf8ToBytes(`${JSON.stringify(parsed)}\n${css}`))).slice(0, 32),
    css,
    light: properties(modes.light.values),
    dark: properties(modes.dark.values),
    email: hexPalette(modes.light.values),
    layout: parsed.layout,
    shifts: [...palettes.light.shifts, ...palettes.dark.shifts],
    waived: (["light", "dark"] as const).flatMap((mode) =>
      brokenPromises(palettes[mode].colors).map((broken) => ({ mode, ...broken })),
    ),
    modes,
  };
}

function lightPalette(spec: ParsedThemeSpec): Palette {
  const { brand, background, accent, keepExactBrand = false } = spec;
  return buildPalette({ mode: "light", brand, background, accent, keepExactBrand });
}

function darkPalette(spec: ParsedThemeSpec): Palette {
  const brand = spec.dark?.brand ?? spec.brand;
  const background = spec.dark?.background ?? darkBackgroundFor(brand, spec.background);
  const { accent, keepExactBrand = false } = spec;
  return buildPalette({ mode: "dark", brand, background, accent, keepExactBrand });
}

function modeValues(spec: ParsedThemeSpec, { scheme, colors, ink }: Palette): ModeValues {
  const solid = Object.fromEntries(
    colorTokenNames.map((name) => [name, { type: "color", hex: colors[name].hex }]),
  ) as Record<ColorTokenName, TokenValue>;
  const layer = (y: number, blur: number, alpha: number): ShadowLayer => ({ y, blur, hex: ink.hex, alpha });
  const depth =
    scheme === "dark" ? { near: 0.4, far: 0.45, scrim: 0.65 } : { near: 0.06, far: 0.1, scrim: 0.5 };
  const values: TokenValues = {
    ...solid,
    ...buildMetrics(spec),
    shadow: { type: "shadow", layers: [layer(1, 2, depth.near), layer(6, 20, depth.far)] },
    overlay: { type: "translucent", hex: ink.hex, alpha: depth.scrim },
  };
  return { scheme, values };
}

function properties(values: TokenValues): Record<PayProperty, string> {
  return Object.fromEntries(tokens.map(({ name }) => [`--pay-${name}`, cssValue(values[name])])) as Record<
    PayProperty,
    string
  >;
}
