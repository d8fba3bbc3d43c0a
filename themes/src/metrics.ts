/** The tokens that are not colours, from the font, radius and density seeds. */
import { fonts } from "./fonts.ts";
import type { ParsedThemeSpec } from "./spec.ts";
import type { ColorTokenName, TokenName } from "./tokens.ts";
import type { TokenValue } from "./values.ts";

export type MetricName = Exclude<TokenName, ColorTokenName | "shadow" | "overlay">;

/** WCAG 2.2 target size (2.5.8), CSS px. */
const MIN_TARGET_PX = 24;

export function buildMetrics(spec: ParsedThemeSpec): Record<MetricName, TokenValue> {
  const { radius, density } = spec;
  const fieldHeight = Math.max(MIN_TARGET_PX, Math.round(between(52, 36, density)));
  return {
    font: { type: "fontFamily", families: fonts[spec.font] },
    "font-heading": { type: "fontFamily", families: fonts[spec.headingFont ?? spec.font] },
    "font-size": px(between(17, 15, density)),
    "weight-strong": { type: "fontWeight", value: 600 },
    leading: { type: "number", value: round(between(1.6, 1.4, density), 100) },
    radius: px(radius * 24),
    "radius-field": px(radius * 16),
    "radius-button": px((radius * fieldHeight) / 2),
    "border-width": px(1),
    space: px(between(5, 3, density)),
    "field-height": px(fieldHeight),
    motion: { type: "duration", ms: 160 },
  };
}

function between(airy: number, dense: number, density: number): number {
  return airy + (dense - airy) * density;
}

/** Quarter pixels: finer steps are invisible and would make unlike hashes of like themes. */
function px(value: number): TokenValue {
  return { type: "dimension", px: round(value, 4) };
}

function round(value: number, perUnit: number): number {
  return Math.round(value * perUnit) / perUnit;
}
