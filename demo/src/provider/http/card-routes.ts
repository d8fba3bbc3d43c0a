import { join } from "node:path";
import { Hono } from "hono";
import { accountByPublishableKey } from "../accounts/accounts.ts";
import { ApiError } from "../errors.ts";
import { cardPage } from "../pages/card-page.ts";
import type { AppEnv, Services } from "./app-env.ts";
import { readAsset, sendAsset, setPageHeaders } from "./pages.ts";

/** The hosted card frame. Its script is read on each request: small, and always the one just built. */
export function cardRoutes({ sql, config }: Services): Hono<AppEnv> {
  const scriptFile = join(config.cardFrameDir, "card-frame.js");
  return new Hono<AppEnv>()
    .get("/card", async (c) => {
      const publishableKey = c.req.query("key") ?? "";
      const isKey = /^pk_[\w-]{1,64}$/.test(publishableKey);
      const account = isKey ? await accountByPublishableKey(sql, publishableKey) : undefined;
      if (!account) throw new ApiError("not_found", "no account with that key");
      setPageHeaders(c, account.origins ?? config.frameAncestors);
      c.header("cache-control", "no-cache");
      return c.html(cardPage({ script: await readAsset(scriptFile), publishableKey }));
    })
    .get("/v/:address/card-frame.js", async (c) =>
      sendAsset(c, await readAsset(scriptFile), "text/javascript"),
    );
}
