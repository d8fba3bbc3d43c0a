import type { Locale } from "@clarity/bff/contract";
import type { HostEntry } from "@clarity/server/contract";
import type { Assets } from "../assets/assets.ts";
import { escapeHtml } from "../http/escape-html.ts";
import { pageHeaders } from "../http/page.ts";

/** The two scripts of the framed page. */
const scriptNames = ["pay-form.js", "embed-page.js"];

/**
 * What the framed page may do: run our two scripts, talk to its own origin, frame the payment provider, and be framed
 * by the pages the tenant named.
 *
 * @param origin the edge's, as the browser sees it
 */
export function embedHeaders(input: { host: HostEntry; origin: string; assets: Pick<Assets, "script"> }) {
  const { embedOrigins, frameOrigins } = input.host;
  const scripts = scriptNames.map((name) => input.assets.script(name));
  return pageHeaders({
    scripts: scripts.map(({ src }) => input.origin + src),
    trustedTypes: [...new Set(scripts.flatMap(({ trustedTypes }) => trustedTypes))],
    frames: frameOrigins,
    framedBy: embedOrigins,
  });
}

export type ThemeMode = "auto" | "light" | "dark";

/** `theme-mode` of the frame's address, when it is one the form knows. */
export const embedThemeMode = (wanted: string | undefined): ThemeMode | null =>
  wanted === "auto" || wanted === "light" || wanted === "dark" ? wanted : null;

/**
 * The page an ERP frames: the form and the script that hands it the token its parent posts. The same
 * for every request but for language and theme mode; nothing else of the query is read here.
 */
export function embedPage({
  host,
  locale,
  themeMode,
  assets,
}: {
  host: HostEntry;
  locale: Locale | null;
  themeMode: ThemeMode | null;
  assets: Pick<Assets, "script">;
}) {
  const scripts = scriptNames
    .map((name) => assets.script(name))
    .map(
      ({ src, integrity }) =>
        `<script defer src="${src}" integrity="${integrity}" crossorigin="anonymous"></script>`,
    )
    .join("\n");
  const language = locale === null ? "" : ` lang="${locale}"${locale === "ar" ? ' dir="rtl"' : ""}`;
  const attributes = Object.entries({ locale, "theme-mode": themeMode })
    .map(([name, value]) => (value === null ? "" : ` ${name}="${value}"`))
    .join("");
  return `<!doctype html>
<html${language || ' lang="en"'}>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(host.tenant.name)}</title>
${scripts}
</head>
<body data-origins="${escapeHtml(JSON.stringify(host.embedOrigins))}">
<pay-form${attributes}></pay-form>
</body>
</html>
`;
}
