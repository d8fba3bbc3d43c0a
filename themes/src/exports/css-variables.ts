import type { CompiledTheme } from "../compile.ts";
import { tokens } from "../tokens.ts";
import { cssValue, type TokenValues } from "../values.ts";

/**
 * The public tokens on `:root`, dark values following the system: for a page of the tenant's own
 * that wants to look like the form. Not for the page the form is embedded in: there the tokens on
 * `:root` override the form, whatever its `theme-mode`.
 */
export function cssVariables({ modes: { light, dark } }: CompiledTheme): string {
  const names = tokens.map((token) => token.name);
  const lines = (values: TokenValues, indent: string) =>
    names.map((name) => `${indent}--pay-${name}: ${cssValue(values[name])};`);
  return [
    ":root {",
    `  color-scheme: ${light.scheme};`,
    ...lines(light.values, "  "),
    "}",
    "@media (prefers-color-scheme: dark) {",
    "  :root {",
    `    color-scheme: ${dark.scheme};`,
    ...lines(dark.values, "    "),
    "  }",
    "}",
    "@media (prefers-reduced-motion: reduce) {",
    "  :root {",
    "    --pay-motion: 0ms;",
    "  }",
    "}",
    "",
  ].join("\n");
}
