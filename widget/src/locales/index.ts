import type { Locale } from "@clarity/bff/contract";
import { en, type Messages } from "./en.ts";

/** Every language the form speaks, complete: the edge puts one into each session. */
export const locales: Partial<Record<Locale, Messages>> = { en };
