import type { ThemeSpec } from "./spec.ts";

/** Starting points of the theme editor; the demo's tenants wear `acme` and `globex`. */
export const presets = {
  /** The neutral default: at home in most ERPs. */
  plain: {
    brand: "#2454d6",
    background: "#ffffff",
    font: "system",
    radius: 0.3,
    density: 0.5,
    layout: { labels: "above", fields: "spaced", methods: "tabs" },
  },
  /** Deep sea blue on a cold white, airy, with a bookish heading. */
  fjord: {
    brand: "#0f4c5c",
    background: "#f8fafa",
    accent: "#b4543a",
    font: "humanist",
    headingFont: "oldstyle",
    radius: 0.4,
    density: 0.25,
    layout: { labels: "above", fields: "spaced", methods: "accordion" },
    dark: { brand: "#6fb7c6", background: "#101b1f" },
  },
  /** Industrial: safety orange and charcoal on warm paper, square, dense. */
  acme: {
    brand: "#c8470c",
    background: "#faf6f0",
    accent: "#33302c",
    font: "grotesque",
    headingFont: "industrial",
    radius: 0.08,
    density: 0.75,
    layout: { labels: "above", fields: "condensed", methods: "accordion" },
    dark: { brand: "#ff8a3d", background: "#1b1815" },
  },
  /** Cool: violet and teal, round, roomy, floating labels. */
  globex: {
    brand: "#5b3fd6",
    background: "#fafaff",
    accent: "#0c8577",
    font: "geometric",
    radius: 0.85,
    density: 0.3,
    layout: { labels: "floating", fields: "spaced", methods: "tabs" },
    dark: { brand: "#a594ff", background: "#14132b" },
  },
} as const satisfies Record<string, ThemeSpec>;

export type PresetId = keyof typeof presets;
