import { internalPaths } from "@clarity/server/contract";
import type { OpenAPIHono } from "@hono/zod-openapi";
import { type Assets, encodingFor } from "../assets/assets.ts";
import { addHeaders, answer } from "../http/answer.ts";
import type { EdgeContext, EdgeEnv } from "../http/env.ts";
import { Refusal } from "../http/refusal.ts";
import { readTheme } from "../pay/specs.ts";
import { claimsFor, type Forwarder } from "../upstream/forward.ts";
import { embedLocale } from "./locale.ts";
import { embedPage, embedPolicy, embedThemeMode } from "./page.ts";

/** The address names the content: nothing to ask again for a year. */
const immutable = "public, max-age=31536000, immutable";

/** Files any page may load, with subresource integrity: the form's scripts, a theme's styles. */
function openToAll(c: EdgeContext) {
  addHeaders(c, {
    "access-control-allow-origin": "*",
    "cross-origin-resource-policy": "cross-origin",
    "cache-control": immutable,
  });
}

export function addEmbedRoutes(app: OpenAPIHono<EdgeEnv>, options: { assets: Assets; forward: Forwarder }) {
  const { assets, forward } = options;

  app.get("/v/:version/:file", (c) => {
    const asset = assets.find(c.req.param("version"), c.req.param("file"));
    if (!asset) throw new Refusal("not_found");
    const encoding = encodingFor(c.req.header("accept-encoding"));
    openToAll(c);
    addHeaders(c, { "content-type": asset.type, vary: "accept-encoding" });
    if (encoding !== "identity") addHeaders(c, { "content-encoding": encoding });
    return answer(c, asset.bodies[encoding]);
  });

  app.openapi(readTheme, async (c) => {
    const host = c.get("host");
    const requestId = c.get("requestId");
    const hash = c.req.valid("param").file.slice(0, -".css".length);
    const stylesheet = await forward({
      method: "GET",
      path: internalPaths.theme(hash),
      home: c.get("home"),
      claims: claimsFor("theme:read", { tenant: host.tenant.id, requestId }),
    });
    openToAll(c);
    addHeaders(c, { "content-type": "text/css; charset=utf-8" });
    return answer(c, await stylesheet.text());
  });

  app.get("/embed", (c) => {
    const host = c.get("host");
    const locale = embedLocale(
      c.req.query("locale"),
      c.req.query("userlcid"),
      c.req.header("accept-language"),
    );
    addHeaders(c, {
      "content-security-policy": embedPolicy(host),
      "content-type": "text/html; charset=utf-8",
      "cache-control": "no-store",
      "cross-origin-resource-policy": "cross-origin",
      // The card frame learns its parent's origin from the referrer; the record in the query stays here.
      "referrer-policy": "strict-origin",
    });
    const themeMode = embedThemeMode(c.req.query("theme-mode"));
    return answer(c, embedPage({ host, locale, themeMode, assets }));
  });
}
