import type { Session } from "@clarity/bff/contract";

export interface FrameTheme {
  theme: Record<string, string>;
  dark: boolean;
}

/**
 * The values the card frame shall wear: the seller's for the present mode, and over them what the
 * host page sets as `--pay-*`, resolved here because the frame cannot read this page's style.
 */
export function frameTheme(element: HTMLElement, { theme }: Session): FrameTheme {
  const mode = element.getAttribute("theme-mode");
  const night = matchMedia("(prefers-color-scheme: dark)").matches;
  const values = { ...theme.frame[mode === "dark" || (mode !== "light" && night) ? "dark" : "light"] };
  const style = getComputedStyle(element);
  for (const name of Object.keys(values)) {
    const own = style.getPropertyValue(name).trim();
    if (own) values[name] = own;
  }
  return { theme: values, dark: style.colorScheme.includes("dark") };
}
