import type { Hex } from "./spec.ts";
import { type ColorTokenName, colorTokenNames } from "./tokens.ts";
import type { TokenValues } from "./values.ts";

/** The opaque colours of one mode as plain hex: for mail, PDF and anything without CSS variables. */
export function hexPalette(values: TokenValues): Record<ColorTokenName, Hex> {
  return Object.fromEntries(
    colorTokenNames.flatMap((name) => {
      const value = values[name];
      return value.type === "color" ? [[name, value.hex]] : [];
    }),
  ) as Record<ColorTokenName, Hex>;
}
