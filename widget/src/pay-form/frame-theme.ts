import type { Session } from "@clarity/bff/contract";
import type { FrameLooks } from "../frame-protocol/protocol.ts";

/**
/**
 * What the card frame shall wear: the seller's values for the present mode, and over them what the host page sets as
 * `--pay-*`, resolved here because the frame cannot read this page's style.
 *
 * @param isDark the page, where the element stands
 */
export function frameTheme(element: HTMLElement, { theme }: Session, isDark: boolean): FrameLooks {
  const given = element.getAttribute("theme-mode") ?? "";
  const mode = /^(light|dark)$/.test(given) ? given : isDark ? "dark" : "light";
  const values = { ...theme.frame[mode as "light" | "dark"] };
  const style = getComputedStyle(element);
  for (const name of Object.keys(values)) {
    const own = style.getPropertyValue(name).trim();
    if (own) values[name] = own;
  }
  const { labels, fields } = theme.layout;
  // A light theme may have a dark ground.
  const scheme = style.getPropertyValue("--payscheme").trim() || mode;
  return { theme: values, dark: scheme === "dark", labels, fields };
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
