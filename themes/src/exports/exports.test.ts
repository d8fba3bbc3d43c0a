import { expect, test } from "vitest";
import { compileTheme } from "../compile.ts";
import { hexPalette } from "../hex-palette.ts";
import { presets } from "../presets.ts";
import { tokens } from "../tokens.ts";
import { cssVariables } from "./css-variables.ts";
import { designTokens } from "./dtcg.ts";
import { tailwindTheme } from "./tailwind.ts";

const theme = compileTheme(presets.acme);

test("CSS: all tokens on :root, colours again for dark", () => {
  expect(cssVariables(theme)).toMatchInlineSnapshot(`
    ":root {
      color-scheme: light;
      --pay-bg: #faf6f0;
      --pay-surface: #f3efe9;
      --pay-sunken: #ebe7e1;
      --pay-text: #251d1b;
      --pay-text-muted: #6a615e;
      --pay-placeholder: #6f6663;
      --pay-border: #d6d2cc;
      --pay-control: #8c8380;
      --pay-ring: #c8470c;
      --pay-primary: #c8470c;
      --pay-on-primary: #ffffff;
      --pay-primary-hover: #b03b00;
      --pay-primary-active: #9c3300;
      --pay-link: #ba3e00;
      --pay-accent: #33302c;
      --pay-on-accent: #ffffff;
      --pay-danger: #ba2b2b;
      --pay-on-danger: #ffffff;
      --pay-success: #08783c;
      --pay-on-success: #ffffff;
      --pay-warning: #935a00;
      --pay-on-warning: #ffffff;
      --pay-info: #006dac;
      --pay-on-info: #ffffff;
      --pay-font: "Inter","Roboto","Helvetica Neue","Arial Nova","Nimbus Sans","Arial",sans-serif;
      --pay-font-heading: "Bahnschrift","DIN Alternate","Franklin Gothic Medium","Liberation Sans Narrow",sans-serif;
      --pay-font-size: 15.5px;
      --pay-weight-strong: 600;
      --pay-leading: 1.45;
      --pay-radius: 2px;
      --pay-radius-field: 1.25px;
      --pay-radius-button: 1.5px;
      --pay-border-width: 1px;
      --pay-space: 3.5px;
      --pay-field-height: 40px;
      --pay-shadow: 0 1px 2px rgb(22 16 14 / 0.06),0 6px 20px rgb(22 16 14 / 0.1);
      --pay-overlay: rgb(22 16 14 / 0.5);
      --pay-motion: 160ms;
    }
    @media (prefers-color-scheme: dark) {
      :root {
        color-scheme: dark;
        --pay-bg: #1b1815;
        --pay-surface: #221f1c;
        --pay-sunken: #292623;
        --pay-text: #f6ece7;
        --pay-text-muted: #b1a9a4;
        --pay-placeholder: #9f9692;
        --pay-border: #3b3834;
        --pay-control: #766e69;
        --pay-ring: #ff8a3d;
        --pay-primary: #ff8a3d;
        --pay-on-primary: #16100d;
        --pay-primary-hover: #ec7827;
        --pay-primary-active: #dc6a0d;
        --pay-link: #ff8a3d;
        --pay-accent: #726f6a;
        --pay-on-accent: #ffffff;
        --pay-danger: #ff9086;
        --pay-on-danger: #16100d;
        --pay-success: #6ecc8a;
        --pay-on-success: #16100d;
        --pay-warning: #e7a55a;
        --pay-on-warning: #16100d;
        --pay-info: #6abcff;
        --pay-on-info: #16100d;
        --pay-font: "Inter","Roboto","Helvetica Neue","Arial Nova","Nimbus Sans","Arial",sans-serif;
        --pay-font-heading: "Bahnschrift","DIN Alternate","Franklin Gothic Medium","Liberation Sans Narrow",sans-serif;
        --pay-font-size: 15.5px;
        --pay-weight-strong: 600;
        --pay-leading: 1.45;
        --pay-radius: 2px;
        --pay-radius-field: 1.25px;
        --pay-radius-button: 1.5px;
        --pay-border-width: 1px;
        --pay-space: 3.5px;
        --pay-field-height: 40px;
        --pay-shadow: 0 1px 2px rgb(22 16 13 / 0.4),0 6px 20px rgb(22 16 13 / 0.45);
        --pay-overlay: rgb(22 16 13 / 0.65);
        --pay-motion: 160ms;
      }
    }
    @media (prefers-reduced-motion: reduce) {
      :root {
        --pay-motion: 0ms;
      }
    }
    "
  `);
});

test("Tailwind: @theme inline, so that utilities read the variable where they are used", () => {
  expect(tailwindTheme(theme)).toMatchInlineSnapshot(`
    "@theme inline {
      --color-pay-bg: var(--pay-bg, #faf6f0);
      --color-pay-surface: var(--pay-surface, #f3efe9);
      --color-pay-sunken: var(--pay-sunken, #ebe7e1);
      --color-pay-text: var(--pay-text, #251d1b);
      --color-pay-text-muted: var(--pay-text-muted, #6a615e);
      --color-pay-placeholder: var(--pay-placeholder, #6f6663);
      --color-pay-border: var(--pay-border, #d6d2cc);
      --color-pay-control: var(--pay-control, #8c8380);
      --color-pay-ring: var(--pay-ring, #c8470c);
      --color-pay-primary: var(--pay-primary, #c8470c);
      --color-pay-on-primary: var(--pay-on-primary, #ffffff);
      --color-pay-primary-hover: var(--pay-primary-hover, #b03b00);
      --color-pay-primary-active: var(--pay-primary-active, #9c3300);
      --color-pay-link: var(--pay-link, #ba3e00);
      --color-pay-accent: var(--pay-accent, #33302c);
      --color-pay-on-accent: var(--pay-on-accent, #ffffff);
      --color-pay-danger: var(--pay-danger, #ba2b2b);
      --color-pay-on-danger: var(--pay-on-danger, #ffffff);
      --color-pay-success: var(--pay-success, #08783c);
      --color-pay-on-success: var(--pay-on-success, #ffffff);
      --color-pay-warning: var(--pay-warning, #935a00);
      --color-pay-on-warning: var(--pay-on-warning, #ffffff);
      --color-pay-info: var(--pay-info, #006dac);
      --color-pay-on-info: var(--pay-on-info, #ffffff);
      --font-pay: var(--pay-font, "Inter","Roboto","Helvetica Neue","Arial Nova","Nimbus Sans","Arial",sans-serif);
      --font-pay-heading: var(--pay-font-heading, "Bahnschrift","DIN Alternate","Franklin Gothic Medium","Liberation Sans Narrow",sans-serif);
      --text-pay: var(--pay-font-size, 15.5px);
      --font-weight-pay-strong: var(--pay-weight-strong, 600);
      --leading-pay: var(--pay-leading, 1.45);
      --radius-pay: var(--pay-radius, 2px);
      --radius-pay-field: var(--pay-radius-field, 1.25px);
      --radius-pay-button: var(--pay-radius-button, 1.5px);
      --spacing-pay: var(--pay-space, 3.5px);
      --spacing-pay-field: var(--pay-field-height, 40px);
      --shadow-pay: var(--pay-shadow, 0 1px 2px rgb(22 16 14 / 0.06),0 6px 20px rgb(22 16 14 / 0.1));
      --color-pay-overlay: var(--pay-overlay, rgb(22 16 14 / 0.5));
    }
    "
  `);
});

test("DTCG: one token of each type, in the 2025.10 shapes", () => {
  const { surface, type, shape, depth } = designTokens(theme, "light");
  expect({
    bg: surface?.bg,
    font: type?.["font-heading"],
    weight: type?.["weight-strong"],
    leading: type?.leading,
    radius: shape?.radius,
    shadow: depth?.shadow,
    overlay: depth?.overlay,
    motion: depth?.motion,
  }).toMatchInlineSnapshot(`
    {
      "bg": {
        "$description": "The form's background.",
        "$type": "color",
        "$value": {
          "alpha": 1,
          "colorSpace": "srgb",
          "components": [
            0.9804,
            0.9647,
            0.9412,
          ],
          "hex": "#faf6f0",
        },
      },
      "font": {
        "$description": "Heading font stack.",
        "$type": "fontFamily",
        "$value": [
          "Bahnschrift",
          "DIN Alternate",
          "Franklin Gothic Medium",
          "Liberation Sans Narrow",
          "sans-serif",
        ],
      },
      "leading": {
        "$description": "Line height, times the size.",
        "$type": "number",
        "$value": 1.45,
      },
      "motion": {
        "$description": "Duration of transitions.",
        "$type": "duration",
        "$value": {
          "unit": "ms",
          "value": 160,
        },
      },
      "overlay": {
        "$description": "Behind the 3-D Secure dialog.",
        "$type": "color",
        "$value": {
          "alpha": 0.5,
          "colorSpace": "srgb",
          "components": [
            0.0863,
            0.0627,
            0.0549,
          ],
          "hex": "#16100e",
        },
      },
      "radius": {
        "$description": "Corners of cards and panels.",
        "$type": "dimension",
        "$value": {
          "unit": "px",
          "value": 2,
        },
      },
      "shadow": {
        "$description": "Raised panels and menus.",
        "$type": "shadow",
        "$value": [
          {
            "blur": {
              "unit": "px",
              "value": 2,
            },
            "color": {
              "alpha": 0.06,
              "colorSpace": "srgb",
              "components": [
                0.0863,
                0.0627,
                0.0549,
              ],
              "hex": "#16100e",
            },
            "offsetX": {
              "unit": "px",
              "value": 0,
            },
            "offsetY": {
              "unit": "px",
              "value": 1,
            },
            "spread": {
              "unit": "px",
              "value": 0,
            },
          },
          {
            "blur": {
              "unit": "px",
              "value": 20,
            },
            "color": {
              "alpha": 0.1,
              "colorSpace": "srgb",
              "components": [
                0.0863,
                0.0627,
                0.0549,
              ],
              "hex": "#16100e",
            },
            "offsetX": {
              "unit": "px",
              "value": 0,
            },
            "offsetY": {
              "unit": "px",
              "value": 6,
            },
            "spread": {
              "unit": "px",
              "value": 0,
            },
          },
        ],
      },
      "weight": {
        "$description": "Weight of headings, totals and buttons.",
        "$type": "fontWeight",
        "$value": 600,
      },
    }
  `);
});

test("DTCG: every token once, light and dark in files of the same shape", () => {
  const names = (mode: "light" | "dark") => Object.values(designTokens(theme, mode)).flatMap(Object.keys);
  expect(names("light")).toEqual(tokens.map(({ name }) => name));
  expect(names("dark")).toEqual(names("light"));
  expect(designTokens(theme, "dark").surface?.bg?.$value).toMatchObject({ hex: "#1b1815" });
});

test("hex palette: the 24 opaque colours, and nothing a mail client would not know", () => {
  expect(hexPalette(theme.modes.dark.values)).toMatchInlineSnapshot(`
    {
      "accent": "#726f6a",
      "bg": "#1b1815",
      "border": "#3b3834",
      "control": "#766e69",
      "danger": "#ff9086",
      "info": "#6abcff",
      "link": "#ff8a3d",
      "on-accent": "#ffffff",
      "on-danger": "#16100d",
      "on-info": "#16100d",
      "on-primary": "#16100d",
      "on-success": "#16100d",
      "on-warning": "#16100d",
      "placeholder": "#9f9692",
      "primary": "#ff8a3d",
      "primary-active": "#dc6a0d",
      "primary-hover": "#ec7827",
      "ring": "#ff8a3d",
      "success": "#6ecc8a",
      "sunken": "#292623",
      "surface": "#221f1c",
      "text": "#f6ece7",
      "text-muted": "#b1a9a4",
      "warning": "#e7a55a",
    }
  `);
  expect(theme.email).toEqual(hexPalette(theme.modes.light.values));
  expect(Object.values(theme.email).every((hex) => /^#[0-9a-f]{6}$/.test(hex))).toBe(true);
});
