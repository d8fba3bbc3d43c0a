import { Locale } from "../../contract/index.ts";

/** The first wanted language the form speaks, by primary tag (BCP 47); else `fallback`. */
export function negotiateLocale(wanted: readonly string[], fallback: Locale): Locale {
  for (const tag of wanted) {
    const spoken = Locale.safeParse(tag.split("-")[0]?.toLowerCase());
    if (spoken.success) return spoken.data;
  }
  return fallback;
}
