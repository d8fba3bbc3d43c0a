import type { Assets } from "../assets/assets.ts";
import { addHeaders, answer } from "../http/answer.ts";
import type { Handlers } from "../routes/spec.ts";
import { embedLocale } from "./locale.ts";
import { embedHeaders, embedPage, embedThemeMode } from "./page.ts";

/** The page that an ERP frames. */
export function embedHandlers({ assets }: { assets: Assets }): Handlers<"readEmbedPage"> {
  return {
    readEmbedPage(c) {
      const host = c.get("host");
      const locale = embedLocale(
        c.req.query("locale"),
        c.req.query("userlcid"),
        c.req.header("accept-language"),
      );
      addHeaders(c, {
        ...embedHeaders({ host, origin: c.get("origin"), assets }),
        "cross-origin-resource-policy": "cross-origin",
        // The card frame learns its parent's origin from the referrer; the record in the query stays here.
        "referrer-policy": "strict-origin",
      });
      const themeMode = embedThemeMode(c.req.query("theme-mode"));
      return answer(c, embedPage({ host, locale, themeMode, assets }));
    },
  };
}
