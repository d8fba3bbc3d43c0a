import { Hono } from "hono";
import { csrf } from "hono/csrf";
import { expireChallenges } from "../charges/challenge.ts";
import { listRecent, listTotals } from "../charges/list-recent.ts";
import { readFault, setFault } from "../faults/faults.ts";
import { consolePage } from "../pages/console-page.ts";
import { countEvents } from "../webhooks/count.ts";
import type { AppEnv, Services } from "./app-env.ts";
import { readAsset, sendAsset, setPageHeaders } from "./pages.ts";
import { FaultForm, readForm } from "./read.ts";

const css = await readAsset(new URL("../pages/assets/console.css", import.meta.url));

/** The sandbox's own page: what was captured, and the fault switches. It holds no keys. */
export function consoleRoutes({ sql }: Services): Hono<AppEnv> {
  return new Hono<AppEnv>()
    .get("/", async (c) => {
      await expireChallenges(sql);
      const [totals, charges, fault, events] = await Promise.all([
        listTotals(sql),
        listRecent(sql),
        readFault(sql),
        countEvents(sql),
      ]);
      setPageHeaders(c, [], { more: ["img-src data:"] });
      return c.html(consolePage({ totals, charges, fault, events, css }));
    })
    .post("/faults", csrf(), async (c) => {
      await setFault({ sql, input: await readForm(c, FaultForm) });
      return c.redirect("/", 303);
    })
    .get("/v/:address/console.css", (c) => sendAsset(c, css, "text/css"));
}
