import type { HostEntry } from "@clarity/server/contract";
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
      if (c.req.param("file") === "pay-form.js") addHeaders(c, frameHeaders(c.get("host").methods));
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

/**
 * Where the payment frame is, beside the form's script, which so starts it without asking (`listMethods` says the same):
 * of an answer's headers a script on another's page can read no other about itself.
 */
function frameHeaders([method]: HostEntry["methods"]): Record<string, string> {
  if (!method) return {};
  return { "server-timing": `frame;desc="${method.frameUrl}"`, "timing-allow-origin": "*" };
}

function openToAll(c: EdgeContext) {
  addHeaders(c, {
    "access-control-allow-origin": "*",
    "cross-origin-resource-policy": "cross-origin",
    "cache-control": immutable,
  });
}
