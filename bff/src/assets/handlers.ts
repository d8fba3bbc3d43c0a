import { addHeaders, answer } from "../http/answer.ts";
import type { EdgeContext } from "../http/env.ts";
import { Refusal } from "../http/refusal.ts";
import type { Handlers } from "../routes/spec.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { Forwarder } from "../upstream/forward.ts";
import type { Assets } from "./assets.ts";
import { encodingFor } from "./bodies.ts";
import { endHeaders } from "./end-headers.ts";
import type { assetSpecs } from "./specs.ts";
import { createStyleSheets } from "./style-sheets.ts";

/** The address names the content: nothing to ask again for a year. */
const immutable = "public, max-age=31536000, immutable";
/** Of what will end browsers ask again every day: so the count of it says who still uses it. */
const untilItEnds = "public, max-age=86400, immutable";

/** Files any page may load, with subresource integrity: the form's scripts, a theme's styles. */
export function assetHandlers(options: {
  assets: Assets;
  forward: Forwarder;
  metrics: Metrics;
}): Handlers<"readAsset" | "readTheme", typeof assetSpecs> {
  const { assets, forward, metrics } = options;
  const styleSheet = createStyleSheets(forward);
  return {
    async readAsset(c) {
      const asset = await assets.find(c.req.param("version"), c.req.param("file"));
      if (!asset) throw new Refusal("not_found");
      const encoding = encodingFor(c.req.header("accept-encoding"));
      metrics.countAsset(asset.version);
      openToAll(c);
      addHeaders(c, { "content-type": asset.type, vary: "accept-encoding", ...endHeaders(asset.end) });
      if (asset.preloads.length > 0) addHeaders(c, { link: asset.preloads.map(preload).join(", ") });
      if (asset.end) addHeaders(c, { "cache-control": untilItEnds });
      if (encoding !== "identity") addHeaders(c, { "content-encoding": encoding });
      return answer(c, asset.bodies[encoding]);
    },

    async readTheme(c) {
      const text = await styleSheet(c, c.req.valid("param"));
      openToAll(c);
      addHeaders(c, { "content-type": "text/css; charset=utf-8" });
      return answer(c, text);
    },
  };
}

/** As `fetch` asks from a page of any origin (HTML, "link type preload"): else it would be asked twice. */
const preload = (path: string) => `<${path}>; rel=preload; as=fetch; crossorigin`;

function openToAll(c: EdgeContext) {
  addHeaders(c, {
    "access-control-allow-origin": "*",
    "cross-origin-resource-policy": "cross-origin",
    "cache-control": immutable,
  });
}
