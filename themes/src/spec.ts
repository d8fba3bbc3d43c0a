import { z } from "zod";
import { fontIds } from "./fonts.ts";

const hex = z
  .string({ error: 'a colour as "#rrggbb"' })
  .regex(/^#[0-9a-f]{6}$/i, 'a colour as "#rrggbb", e.g. "#0a6e5c"; no names, functions or transparency')
  .transform((text) => text.toLowerCase() as Hex);

const unit = z
  .number({ error: "a number from 0 to 1" })
  .min(0, "a number from 0 to 1")
  .max(1, "a number from 0 to 1");

const font = z.enum(fontIds, { error: `one of the font ids ${fontIds.join(", ")}; not a CSS font family` });

/** An opaque sRGB colour, `#rrggbb`, lower case. */
export type Hex = `#${string}`;

/**
 * What a tenant chooses. Typed seeds, never CSS: whatever reaches a style sheet is serialised by us
 * from these parsed values, so there is no text a tenant could smuggle a rule or a URL in. Unknown
 * keys are refused, not dropped, so that a misspelt seed is noticed.
 */
export const ThemeSpec = z.strictObject({
  /** Fill of the pay button; tints the neutrals. May be moved in lightness, see `keepExactBrand`. */
  brand: hex,
  /** The form's background, light or dark; mid-tones are pushed to the nearer side. */
  background: hex,
  font,
  /** 0 square … 1 pill. */
  radius: unit,
  /** 0 airy, .5 comfortable, 1 dense. */
  density: unit,
  layout: z.strictObject({
    labels: z.enum(["above", "floating"]),
    fields: z.enum(["spaced", "condensed"]),
    methods: z.enum(["tabs", "accordion"]),
  }),
  /** Badges and highlights; the brand's fill when absent. */
  accent: hex.optional(),
  /** `font` when absent. */
  headingFont: font.optional(),
  /** Dark mode is derived; these replace its two seeds. */
  dark: z.strictObject({ brand: hex.optional(), background: hex.optional() }).optional(),
  /**
   * Use the brand as it is, to the last bit, in both modes. Its label stays ≥ 4.5; the ≥ 3 of the
   * fill against the surfaces is given up where it does not hold, and listed in `waived`.
   */
  keepExactBrand: z.boolean().optional(),
});
export type ThemeSpec = z.input<typeof ThemeSpec>;
/** A spec after parsing: colours in lower case, keys in a fixed order. */
export type ParsedThemeSpec = z.output<typeof ThemeSpec>;
