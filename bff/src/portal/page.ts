import type { Locale } from "@clarity/bff/contract";
import { edgePaths, type PortalFace } from "@clarity/server/contract";
import { escapeHtml } from "../http/escape-html.ts";
import { pageHeaders } from "../http/page.ts";
import type { PortalFiles } from "./files.ts";

/**
 * What the portal's page may do: run its own scripts, each by its address, talk to its own origin, and be framed by
 * nobody. What it loads later comes by addresses that name its content.
 *
 * @param origin the edge's, as the browser sees it
 */
export function portalHeaders({ files, origin }: { files: PortalFiles; origin: string }) {
  return pageHeaders({
    scripts: files.scripts.map((file) => origin + edgePaths.readPortalAsset({ file })),
    trustedTypes: files.trustedTypes,
    frames: [],
    framedBy: [],
    wholeIntegrity: files.scripts.length === 1,
  });
}

/** The portal's one page: the tenant's name, mark and colours, and the script that makes the rest. */
export function portalPage(input: { face: PortalFace; locale: Locale; files: PortalFiles }): string {
  const { face, locale, files } = input;
  const { script, style } = files;
  const name = escapeHtml(face.name);
  const asset = (file: string) => edgePaths.readPortalAsset({ file });
  const theme = edgePaths.readPortalTheme({ file: `${face.theme.hash}.css` });
  return `<!doctype html>
<html lang="${locale}"${locale === "ar" ? ' dir="rtl"' : ""}>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${name}</title>
<link rel="icon" href="${edgePaths.readPortalIcon()}" type="image/svg+xml">
<link rel="stylesheet" href="${theme}">
<link rel="stylesheet" href="${asset(style.name)}" integrity="${style.integrity}">
<script type="module" src="${asset(script.name)}" integrity="${script.integrity}" crossorigin="anonymous"></script>
</head>
<body>
<portal-app data-seller="${name}"></portal-app>
</body>
</html>
`;
}

/** The tenant's mark until it has one: the first letter of its name in its own colours. */
export function portalIcon({ name, theme }: PortalFace): string {
  const letter = escapeHtml(Array.from(name.trim())[0]?.toUpperCase() ?? "");
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="${theme.primary}"/><text x="16" y="22.5" font-family="system-ui,sans-serif" font-size="19" font-weight="650" text-anchor="middle" fill="${theme.onPrimary}">${letter}</text></svg>`;
}
