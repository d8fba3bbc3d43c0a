/** Token values before any format: the CSS and each export serialise the same numbers. */
import type { Hex } from "./spec.ts";
import type { TokenName } from "./tokens.ts";

export type TokenValue =
  | { type: "color"; hex: Hex }
  /** `alpha` 0–1. */
  | { type: "translucent"; hex: Hex; alpha: number }
  /** CSS px. */
  | { type: "dimension"; px: number }
  | { type: "number"; value: number }
  /** 1–1000. */
  | { type: "fontWeight"; value: number }
  | { type: "fontFamily"; families: readonly string[] }
  | { type: "duration"; ms: number }
  | { type: "shadow"; layers: readonly ShadowLayer[] };

/** Lengths in CSS px. */
export interface ShadowLayer {
  y: number;
  blur: number;
  hex: Hex;
  alpha: number;
}

export type TokenValues = Record<TokenName, TokenValue>;

export function cssValue(value: TokenValue): string {
  switch (value.type) {
    case "color":
      return value.hex;
    case "translucent":
      return rgba(value.hex, value.alpha);
    case "dimension":
      return `${value.px}px`;
    case "number":
    case "fontWeight":
      return String(value.value);
    case "fontFamily":
      return value.families.map(quoteFamily).join(",");
    case "duration":
      return `${value.ms}ms`;
    case "shadow":
      return value.layers
        .map(({ y, blur, hex, alpha }) => `0 ${y}px ${blur}px ${rgba(hex, alpha)}`)
        .join(",");
  }
}

/** Channels of a colour, 0–255. */
export function channels(hex: Hex): [red: number, green: number, blue: number] {
  const bits = Number.parseInt(hex.slice(1), 16);
  return [bits >> 16, (bits >> 8) & 255, bits & 255];
}

function rgba(hex: Hex, alpha: number): string {
  return `rgb(${channels(hex).join(" ")} / ${alpha})`;
}

/** Generic families (`sans-serif`, `ui-monospace`) are keywords and lose their meaning in quotes. */
function quoteFamily(family: string): string {
  return /^[a-z-]+$/.test(family) ? family : `"${family}"`;
}
