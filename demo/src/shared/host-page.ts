import { randomBytes } from "node:crypto";
import type { Context } from "hono";
import { html, raw } from "hono/html";

export interface HostPage {
  title: string;
  /** BCP 47; default `en`. */
  lang?: string;
  dir?: "ltr" | "rtl";
  css: string;
  /** Address that the page's relative ones begin with. */
  base?: string;
  /** Addresses of scripts of the page's own, before everything else. */
  scripts?: readonly string[];
  /** Runs after those and before everything else, inline under the page's nonce. */
  script?: string;
  body: ReturnType<typeof html>;
  /** More of the policy: the origins an admin has to let in. */
  allow?: { script?: string; connect?: string; frame?: string };
  /** Names of the policies there may be; default: any. */
  trustedTypes?: string;
}

/**
 * A page under the policy a careful host runs: nonces instead of `unsafe-inline`, Trusted Types
 * enforced, nothing from anywhere that is not named.
 */
export async function hostPage(c: Context, page: HostPage): Promise<Response> {
  const nonce = randomBytes(16).toString("base64url");
  const { script = "", connect = "", frame = "" } = page.allow ?? {};
  c.header(
    "content-security-policy",
    [
      "default-src 'none'",
      `script-src 'nonce-${nonce}' ${script}`,
      `style-src 'nonce-${nonce}'`,
      "img-src 'self' data:",
      `connect-src 'self' ${connect}`,
      `frame-src ${frame || "'none'"}`,
      "form-action 'self'",
      `base-uri ${page.base ? "'self'" : "'none'"}`,
      "frame-ancestors 'none'",
      "require-trusted-types-for 'script'",
      ...(page.trustedTypes ? [`trusted-types ${page.trustedTypes}`] : []),
    ].join("; "),
  );
  c.header("x-content-type-options", "nosniff");
  c.header("referrer-policy", "strict-origin-when-cross-origin");
  c.header("cache-control", "no-store");
  return c.html(
    await html`<!doctype html>
<html lang="${page.lang ?? "en"}" dir="${page.dir ?? "ltr"}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${page.title}</title>
${page.base ? html`<base href="${page.base}">` : ""}
<link rel="icon" href="data:,">
<style nonce="${nonce}">${raw(page.css)}</style>
${(page.scripts ?? []).map((address) => html`<script nonce="${nonce}" src="${address}"></script>`)}
${page.script ? html`<script nonce="${nonce}">${raw(page.script)}</script>` : ""}
</head>
${page.body}
</html>`,
  );
}

/**
 * What old host pages do to whatever is embedded in them. None of it may matter: the form lives in
 * a shadow root or a frame of its own.
 */
export const hostileCss = `
* { box-sizing: content-box !important; letter-spacing: .01em; }
body * { font-size: 13px; line-height: 1.9; }
input, button, select { border-radius: 0 !important; padding: 1px 2px !important; background: #ffd !important; text-transform: uppercase !important; }
label { display: inline !important; float: left; }
iframe { max-height: 90vh; border: 3px ridge #bbb; opacity: .999; }
table { table-layout: fixed; } td, th { border: 1px dotted #ccd; }
[hidden] { display: block; } svg { width: 40px; } ul { list-style: square inside; }
`;

/** The host's own loader takes the AMD globals: anything that asks `define` or `require` gets hurt. */
export const amdTrap = `
window.define = function () { window.amdCalls = (window.amdCalls || 0) + 1; throw new Error("Mismatched anonymous define() module"); };
window.define.amd = {};
window.require = function () { window.amdCalls = (window.amdCalls || 0) + 1; throw new Error("Module name has not been loaded yet for context: _"); };
window.securityViolations = [];
document.addEventListener("securitypolicyviolation", function (event) {
  window.securityViolations.push(event.violatedDirective + " " + event.blockedURI);
});
`;
