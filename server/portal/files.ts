/** Where the built portal is. For the edge, which serves it: `CLARITY_PORTAL_DIR`. */
import { join } from "node:path";

/** Holds `manifest.json` and `assets/` once `node server/portal/build.ts` has been run. */
export const portalDir = join(import.meta.dirname, "dist");
