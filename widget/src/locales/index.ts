import type { Locale } from "@clarity/bff/contract";
import { ar } from "./ar.ts";
import { de } from "./de.ts";
import { en, type Messages } from "./en.ts";
import { es } from "./es.ts";
import { fr } from "./fr.ts";

/** Every language the form speaks, complete: the edge puts one into each session. */
export const locales: Record<Locale, Messages> = { en, es, fr, de, ar };
