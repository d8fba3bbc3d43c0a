import type { Session } from "@clarity/bff/contract";
import type { FrameLooks } from "../frame-protocol/protocol.ts";

/**
 * What the card frame shall wear: the seller's values for the present mode, and over them what the host page sets as
 * `--pay-*`, resolved here because the frame cannot read this page's style.
 */
export function frameTheme(element: HTMLElement, { theme }: Session): FrameLooks {
  const mode = element.getAttribute("theme-mode");
  const night = matchMedia("(prefers-color-scheme: dark)").matches;
  const values = { ...theme.frame[mode === "dark" || (mode !== "light" && night) ? "dark" : "light"] };
  const style = getComputedStyle(element);
  for (const name of Object.keys(values)) {
    const own = style.getPropertyValue(name).trim();
    if (own) values[name] = own;
  }
  const { labels, fields } = theme.layout;
  return { theme: values, dark: style.colorScheme.includes("dark"), labels, fields };
}

/** The narrowest that expiry and security code stand side by side (card-frame.css), px. */
const narrowestField = 118;

/**
 * The height that fields in these looks will have, as CSS: kept free until the frame tells its own.
 *
 * @param widthPx of the frame
 */
export function roomFor({ theme, labels, fields }: FrameLooks, widthPx: number): string {
  const of = (name: string) => theme[`--pay-${name}`] ?? "0px";
  const field = of("field-height");
  // card-frame.css: its padding, its gaps, and what a label takes.
  if (fields === "condensed") return `calc(24px + 2 * ${field})`;
  const rows = widthPx - 6 < 2 * narrowestField + 3 * Number.parseFloat(of("space")) ? 3 : 2;
  const label = labels === "floating" ? "10px" : `4px + 0.84 * ${of("font-size")} * ${of("leading")}`;
  return `calc(6px + ${rows} * (${field} + ${label}) + ${rows - 1} * 3 * ${of("space")})`;
}
