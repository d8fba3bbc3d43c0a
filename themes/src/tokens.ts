/**
 * The public tokens, `--pay-<name>`: the one list everything else is computed from (types, CSS,
 * exports, the documentation table). A compiled theme holds a value for every one of them.
 */
interface TokenDefinition {
  name: string;
  group: "surface" | "text" | "lines" | "action" | "accent" | "status" | "type" | "shape" | "space" | "depth";
  type: TokenType;
  description: string;
  /** How the value follows from the seeds, and what it promises. */
  rule: string;
}

type TokenType =
  | "color"
  | "translucent"
  | "dimension"
  | "number"
  | "fontWeight"
  | "fontFamily"
  | "duration"
  | "shadow";

const onSurfaces = "on bg, surface and sunken";
const label = "white or near-black, ≥ 4.5 on its fill";
const status = `fixed hue, ≥ 4.5 ${onSurfaces}`;

export const tokens = [
  {
    name: "bg",
    group: "surface",
    type: "color",
    description: "The form's background.",
    rule: "the background seed, pushed out of the mid-tones where no text is legible",
  },
  {
    name: "surface",
    group: "surface",
    type: "color",
    description: "Cards, panels, selected rows.",
    rule: "bg, OKLCH L −.02 (dark: +.03)",
  },
  {
    name: "sunken",
    group: "surface",
    type: "color",
    description: "Table heads, wells, the total.",
    rule: "bg, OKLCH L −.045 (dark: +.06)",
  },
  {
    name: "text",
    group: "text",
    type: "color",
    description: "Body text and headings.",
    rule: `neutral tinted with the brand (C ≤ .012), ≥ 7 ${onSurfaces}`,
  },
  {
    name: "text-muted",
    group: "text",
    type: "color",
    description: "Secondary text, hints.",
    rule: `tinted neutral, ≥ 4.5 ${onSurfaces}`,
  },
  {
    name: "placeholder",
    group: "text",
    type: "color",
    description: "Placeholder and floating label at rest.",
    rule: `tinted neutral, ≥ 4.5 ${onSurfaces}`,
  },
  {
    name: "border",
    group: "lines",
    type: "color",
    description: "Dividers and card edges; decoration only.",
    rule: "bg, OKLCH L −.11 (dark: +.13)",
  },
  {
    name: "control",
    group: "lines",
    type: "color",
    description: "Edges of fields and check boxes.",
    rule: `tinted neutral, ≥ 3 ${onSurfaces}`,
  },
  {
    name: "ring",
    group: "lines",
    type: "color",
    description: "The focus ring.",
    rule: `the brand, ≥ 3 ${onSurfaces}`,
  },
  {
    name: "primary",
    group: "action",
    type: "color",
    description: "The pay button, checked boxes.",
    rule: `the brand, moved until ≥ 3 ${onSurfaces} and its label is ≥ 4.5`,
  },
  {
    name: "on-primary",
    group: "action",
    type: "color",
    description: "Label on primary.",
    rule: "white below OKLCH L .72 of the brand, else near-black; ≥ 4.5 at rest, hover and active",
  },
  {
    name: "primary-hover",
    group: "action",
    type: "color",
    description: "Primary under the pointer.",
    rule: "primary, L −.055 (lighter where the label would suffer)",
  },
  {
    name: "primary-active",
    group: "action",
    type: "color",
    description: "Primary while pressed.",
    rule: "primary, L −.1 (lighter where the label would suffer)",
  },
  {
    name: "link",
    group: "action",
    type: "color",
    description: "Links and text buttons.",
    rule: `primary, moved until ≥ 4.5 ${onSurfaces}`,
  },
  {
    name: "accent",
    group: "accent",
    type: "color",
    description: "Badges and highlights.",
    rule: "the accent seed, moved like primary; without one, primary itself",
  },
  { name: "on-accent", group: "accent", type: "color", description: "Label on accent.", rule: label },
  { name: "danger", group: "status", type: "color", description: "Errors, overdue.", rule: status },
  { name: "on-danger", group: "status", type: "color", description: "Label on danger.", rule: label },
  { name: "success", group: "status", type: "color", description: "Paid, done.", rule: status },
  { name: "on-success", group: "status", type: "color", description: "Label on success.", rule: label },
  { name: "warning", group: "status", type: "color", description: "Needs attention.", rule: status },
  { name: "on-warning", group: "status", type: "color", description: "Label on warning.", rule: label },
  { name: "info", group: "status", type: "color", description: "Notices.", rule: status },
  { name: "on-info", group: "status", type: "color", description: "Label on info.", rule: label },
  {
    name: "font",
    group: "type",
    type: "fontFamily",
    description: "Body font stack.",
    rule: "the font seed, one of a closed list; nothing is downloaded",
  },
  {
    name: "font-heading",
    group: "type",
    type: "fontFamily",
    description: "Heading font stack.",
    rule: "the heading font seed, else font",
  },
  {
    name: "font-size",
    group: "type",
    type: "dimension",
    description: "Body size.",
    rule: "17 px airy to 15 px dense",
  },
  {
    name: "weight-strong",
    group: "type",
    type: "fontWeight",
    description: "Weight of headings, totals and buttons.",
    rule: "600",
  },
  {
    name: "leading",
    group: "type",
    type: "number",
    description: "Line height, times the size.",
    rule: "1.6 airy to 1.4 dense",
  },
  {
    name: "radius",
    group: "shape",
    type: "dimension",
    description: "Corners of cards and panels.",
    rule: "radius seed × 24 px",
  },
  {
    name: "radius-field",
    group: "shape",
    type: "dimension",
    description: "Corners of fields.",
    rule: "radius seed × 16 px",
  },
  {
    name: "radius-button",
    group: "shape",
    type: "dimension",
    description: "Corners of buttons.",
    rule: "radius seed × half the field height; 1 is a pill",
  },
  {
    name: "border-width",
    group: "shape",
    type: "dimension",
    description: "Width of borders and dividers.",
    rule: "1 px",
  },
  {
    name: "space",
    group: "space",
    type: "dimension",
    description: "The step every gap and padding is a multiple of.",
    rule: "5 px airy to 3 px dense",
  },
  {
    name: "field-height",
    group: "space",
    type: "dimension",
    description: "Height of fields and buttons.",
    rule: "52 px airy to 36 px dense, never below 24 px",
  },
  {
    name: "shadow",
    group: "depth",
    type: "shadow",
    description: "Raised panels and menus.",
    rule: "two layers of the near-black, deeper in dark mode",
  },
  {
    name: "overlay",
    group: "depth",
    type: "translucent",
    description: "Behind the 3-D Secure dialog.",
    rule: "the near-black at 50 % (dark: 65 %)",
  },
  {
    name: "motion",
    group: "depth",
    type: "duration",
    description: "Duration of transitions.",
    rule: "160 ms; 0 under prefers-reduced-motion, whatever the host page says",
  },
] as const satisfies readonly TokenDefinition[];

type Definition = (typeof tokens)[number];
export type TokenName = Definition["name"];
/** Tokens whose value is one opaque colour. */
export type ColorTokenName = Extract<Definition, { type: "color" }>["name"];
/** The CSS custom property a host page may set. */
export type PayProperty = `--pay-${TokenName}`;

export const colorTokenNames = tokens.filter((token) => token.type === "color").map((token) => token.name);
