import type { Session } from "@clarity/bff/contract";

export interface FrameTheme {
  theme: Record<string, string>;
  dark: boolean;
}

/**
 * The values the card frame shall wear: the seller's for the present mode, and over them what the
 * host page sets as `--pay-*`, resolved here because the frame cannot read this page's style.
 *
 * @param isDark the page, where the element stands
 */
export function frameTheme(element: HTMLElement, { theme }: Session, isDark: boolean): FrameTheme {
  const given = element.getAttribute("theme-mode") ?? "";
  const mode = /^(light|dark)$/.test(given) ? given : isDark ? "dark" : "light";
  const values = { ...theme.frame[mode as "light" | "dark"] };
  const style = getComputedStyle(element);
  for (const name of Object.keys(values)) {
    const own = style.getPropertyValue(name).trim();
    if (own) values[name] = own;
  }
  // A light theme may have a dark ground.
  const scheme = style.getPropertyValue("--payscheme").trim() || mode;
  return { theme: values, dark: scheme === "dark" };
}
