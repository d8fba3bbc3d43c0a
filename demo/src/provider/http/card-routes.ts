import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Hono } from "hono";
import { compress } from "hono/compress";
import { accountByPublishableKey } from "../accounts/accounts.ts";
import { ApiError } from "../errors.ts";
import { cardPage } from "../pages/card-page.ts";
import type { AppEnv, Services } from "./app-env.ts";
import { setPageHeaders } from "./pages.ts";

/** The hosted card frame. Its script is read on each request: small, and always the one just built. */
export function cardRoutes({ sql, config }: Services): Hono<AppEnv> {
  const scriptFile = join(config.cardFrameDir, "card-frame.js");
  return new Hono<AppEnv>().get("/card", compress(), async (c) => {
    const publishableKey = c.req.query("key") ?? "";
    const isKey = /^pk_[\w-]{1,64}$/.test(publishableKey);
    const account = isKey ? await accountByPublishableKey(sql, publishableKey) : undefined;
    if (!account) throw new ApiError("not_found", "no account with that key");
    const { page, scriptSource } = cardPage({ script: await readFile(scriptFile, "utf8"), publishableKey });
    setPageHeaders(c, account.origins ?? config.frameAncestors, { scripts: scriptSource });
    c.header("cache-control", "no-cache");
    return c.html(page);
  });
}
