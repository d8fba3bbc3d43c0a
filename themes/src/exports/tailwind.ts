import type { CompiledTheme } from "../compile.ts";
import { type TokenName, tokens } from "../tokens.ts";
import { cssValue } from "../values.ts";

/** Theme variables of Tailwind 4 for the tokens that are not colours; `motion` and `border-width` have no namespace. */
const namespaces: Partial<Record<TokenName, string>> = {
  font: "--font-pay",
  "font-heading": "--font-pay-heading",
  "font-size": "--text-pay",
  "weight-strong": "--font-weight-pay-strong",
  leading: "--leading-pay",
  radius: "--radius-pay",
  "radius-field": "--radius-pay-field",
  "radius-button": "--radius-pay-button",
  space: "--spacing-pay",
  "field-height": "--spacing-pay-field",
  shadow: "--shadow-pay",
  overlay: "--color-pay-overlay",
};

/**
 * `@theme inline` for Tailwind 4: `bg-pay-primary`, `rounded-pay-field`, `font-pay-heading`. Utilities
 * read `--pay-*` where they are used, so dark mode and overrides follow; the light value is the
 * fallback.
 */
export function tailwindTheme({ modes }: CompiledTheme): string {
  const lines = tokens.flatMap(({ name, type }) => {
    const variable = type === "color" ? `--color-pay-${name}` : namespaces[name];
    return variable ? [`  ${variable}: var(--pay-${name}, ${cssValue(modes.light.values[name])});`] : [];
  });
  return ["@theme inline {", ...lines, "}", ""].join("\n");
}
