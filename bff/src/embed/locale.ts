import { Locale } from "@clarity/bff/contract";

/** Primary language ids of Windows (MS-LCID), the low ten bits of the `userlcid` Dynamics puts in the query. */
const byLanguageId: Readonly<Record<number, Locale>> = { 1: "ar", 7: "de", 9: "en", 10: "es", 12: "fr" };

/** The form's language in a framed page: what the snippet says, then the ERP user's, then the browser's. */
export function embedLocale(
  locale: string | undefined,
  userlcid: string | undefined,
  acceptLanguage: string | undefined,
): Locale | null {
  const wanted = [locale ?? "", ...(acceptLanguage ?? "").split(",").slice(0, 10)];
  const [own, ...browser] = wanted.map(
    (tag) => Locale.safeParse(/^\s*([a-z]{2})\b/i.exec(tag)?.[1]?.toLowerCase()).data,
  );
  const lcid = /^\d{1,6}$/.test(userlcid ?? "") ? byLanguageId[Number(userlcid) & 0x3ff] : undefined;
  return own ?? lcid ?? browser.find((tag) => tag !== undefined) ?? null;
}
