import { addHeaders, answer } from "../http/answer.ts";
import type { EdgeContext } from "../http/env.ts";
import { Refusal } from "../http/refusal.ts";
import type { Handlers } from "../routes/spec.ts";
import type { Forwarder } from "../upstream/forward.ts";
import { type Assets, encodingFor } from "./assets.ts";
import type { assetSpecs } from "./specs.ts";
import { createStyleSheets } from "./style-sheets.ts";

/** The address names the content: nothing to ask again for a year. */
const immutable = "public, max-age=31536000, immutable";

/** Files any page may load, with subresource integrity: the form's scripts, a theme's styles. */
export function assetHandlers(options: {
  assets: Assets;
  forward: Forwarder;
}): Handlers<"readAsset" | "readTheme", typeof assetSpecs> {
  const { assets, forward } = options;
  const styleSheet = createStyleSheets(forward);
  return {
    readAsset(c) {
      const asset = assets.find(c.req.param("version"), c.req.param("file"));
      if (!asset) throw new Refusal("not_found");
      const encoding = encodingFor(c.req.header("accept-encoding"));
      openToAll(c);
      addHeaders(c, { "content-type": asset.type, vary: "accept-encoding" });
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

function openToAll(c: EdgeContext) {
  addHeaders(c, {
    "access-control-allow-origin": "*",
    "cross-origin-resource-policy": "cross-origin",
    "cache-control": immutable,
  });
}
