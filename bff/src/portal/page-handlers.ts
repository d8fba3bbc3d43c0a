import { PortalFace } from "@clarity/server/contract";
import { LRUCache } from "lru-cache";
import { encodingFor } from "../assets/bodies.ts";
import { embedLocale } from "../embed/locale.ts";
import { addHeaders, answer } from "../http/answer.ts";
import type { EdgeContext } from "../http/env.ts";
import { Refusal } from "../http/refusal.ts";
import type { Handlers } from "../routes/spec.ts";
import { ofTenant } from "../upstream/claims.ts";
import type { Forwarder } from "../upstream/forward.ts";
import type { PortalFiles } from "./files.ts";
import { portalHeaders, portalIcon, portalPage } from "./page.ts";

/** The address names the content: nothing to ask again for a year. */
const immutable = "public, max-age=31536000, immutable";

/** A page, its icon and its colours are asked for together: the server is asked once, ms. */
const faceMs = 2_000;

/** The portal's page and what it loads. @param options.files null: this edge serves no portal */
export function portalPageHandlers(options: {
  forward: Forwarder;
  files: PortalFiles | null;
}): Handlers<"readPortalPage" | "readPortalIcon" | "readPortalTheme" | "readPortalAsset"> {
  const { forward, files } = options;
  /** Style sheets by tenant and hash: what has been read once is the answer for ever. */
  const sheets = new LRUCache<string, string>({ max: 500 });

  const faces = new LRUCache<string, PortalFace>({ max: 500, ttl: faceMs });

  async function faceOf(c: EdgeContext): Promise<PortalFace> {
    const known = faces.get(c.get("host").tenant.id);
    if (known) return known;
    const answer = await forward({ to: "readPortalFace", ...ofTenant(c) });
    const face = PortalFace.parse(await answer.json());
    faces.set(c.get("host").tenant.id, face);
    sheets.set(`${c.get("host").tenant.id}/${face.theme.hash}.css`, face.theme.css);
    return face;
  }

  function filesHere(): PortalFiles {
    if (!files) throw new Refusal("not_found");
    return files;
  }

  return {
    async readPortalPage(c) {
      const files = filesHere();
      const face = await faceOf(c);
      const locale =
        embedLocale(c.req.query("locale"), undefined, c.req.header("accept-language")) ?? face.locale;
      addHeaders(c, portalHeaders({ files, origin: c.get("origin") }));
      return answer(c, portalPage({ face, locale, files }));
    },

    async readPortalIcon(c) {
      const face = await faceOf(c);
      addHeaders(c, { "content-type": "image/svg+xml", "cache-control": "public, max-age=3600" });
      return answer(c, portalIcon(face));
    },

    async readPortalTheme(c) {
      const file = c.req.param("file");
      const key = `${c.get("host").tenant.id}/${file}`;
      // Another than the present one only where the page is older than it.
      if (!sheets.has(key)) await faceOf(c);
      const css = sheets.get(key);
      if (css === undefined) throw new Refusal("not_found");
      addHeaders(c, { "content-type": "text/css; charset=utf-8", "cache-control": immutable });
      return answer(c, css);
    },

    readPortalAsset(c) {
      const file = filesHere().find(c.req.param("file"));
      if (!file) throw new Refusal("not_found");
      const encoding = encodingFor(c.req.header("accept-encoding"));
      addHeaders(c, { "content-type": file.type, "cache-control": immutable, vary: "accept-encoding" });
      if (encoding !== "identity") addHeaders(c, { "content-encoding": encoding });
      return answer(c, file.bodies[encoding]);
    },
  };
}
