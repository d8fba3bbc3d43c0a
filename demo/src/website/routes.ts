import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Hono } from "hono";
import type { ErpEnv } from "../shared/faults.ts";
import { websitePage } from "./page.ts";
import { prologues } from "./prologues.ts";

export interface Website {
  /** Where the tenant's form is served, such as `http://acme.localhost:4000`. */
  edgeOrigin: string;
  /** Origin of the card frame. */
  providerOrigin: string;
  tourUrl: string;
  /** Pinned: the path names the version, the hash holds the content. */
  snippet: { path: string; integrity: string };
  /** An embed token for this customer, signed here and now. */
  mintToken: (customerId: string) => Promise<string>;
}

const require = createRequire(import.meta.url);
const beside = (manifest: string, path: string) => join(dirname(manifest), path);

/** Libraries that pages have, as their makers ship them. */
const libraries: Record<string, string> = {
  "zone.js": beside(require.resolve("zone.js/package.json"), "bundles/zone.umd.min.js"),
  "mousetrap.js": beside(require.resolve("mousetrap/package.json"), "mousetrap.min.js"),
  "hotkeys.js": beside(require.resolve("hotkeys-js"), "hotkeys-js.umd.cjs"),
};

const customerId = "1042";

/** The seller's own website: its customers pay on a page that many hands wrote, none of them with us in mind. */
export function websiteRoutes(website: Website): Hono<ErpEnv> {
  return new Hono<ErpEnv>()
    .get("/website/lib/:file", (c) => {
      const path = libraries[c.req.param("file")];
      const script = path ? readFileSync(path, "utf8") : prologues[c.req.param("file")];
      return script === undefined
        ? c.text("no such script", 404)
        : c.body(script, 200, { "content-type": "text/javascript; charset=utf-8" });
    })
    .post("/website/pay-token", async (c) => c.json({ token: await website.mintToken(customerId) }))
    .get("/website/billing", (c) => websitePage(c, website));
}
