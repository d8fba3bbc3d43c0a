import type { CompiledTheme } from "../compile.ts";
import type { Hex } from "../spec.ts";
import { tokens } from "../tokens.ts";
import { channels, type TokenValue } from "../values.ts";

interface DtcgToken {
  $type: string;
  $value: unknown;
  $description: string;
}

/** A `.tokens.json` file: groups of tokens. */
export type DtcgFile = Record<string, Record<string, DtcgToken>>;

/**
 * Design Tokens Format Module 2025.10 (https://www.designtokens.org/tr/2025.10/format/). The format
 * has no modes: one file for light, one for dark.
 */
export function designTokens({ modes }: CompiledTheme, mode: "light" | "dark"): DtcgFile {
  const file: DtcgFile = {};
  for (const { name, group, description } of tokens) {
    file[group] ??= {};
    file[group][name] = { ...dtcgValue(modes[mode].values[name]), $description: description };
  }
  return file;
}

function dtcgValue(value: TokenValue): { $type: string; $value: unknown } {
  switch (value.type) {
    case "color":
      return { $type: "color", $value: color(value.hex, 1) };
    case "translucent":
      return { $type: "color", $value: color(value.hex, value.alpha) };
    case "dimension":
      return { $type: "dimension", $value: length(value.px) };
    case "number":
    case "fontWeight":
      return { $type: value.type, $value: value.value };
    case "fontFamily":
      return { $type: "fontFamily", $value: value.families };
    case "duration":
      return { $type: "duration", $value: { value: value.ms, unit: "ms" } };
    case "shadow":
      return {
        $type: "shadow",
        $value: value.layers.map(({ y, blur, hex, alpha }) => ({
          color: color(hex, alpha),
          offsetX: length(0),
          offsetY: length(y),
          blur: length(blur),
          spread: length(0),
        })),
      };
  }
}

function color(hex: Hex, alpha: number) {
  const components = channels(hex).map((channel) => Math.round((channel / 255) * 1e4) / 1e4);
  return { colorSpace: "srgb", components, alpha, hex };
}

function length(px: number) {
  return { value: px, unit: "px" };
}
