import { Hono } from "hono";
import { z } from "zod";
import { decideChallenge, expireChallenges, openChallenge } from "../charges/challenge.ts";
import { challengePage } from "../pages/challenge-page.ts";
import type { AppEnv, Services } from "./app-env.ts";
import { readAsset, sendAsset, setPageHeaders } from "./pages.ts";
import { check, readForm, readId } from "./read.ts";

const LinkToken = z.string().regex(/^cht_[\w-]{1,64}$/);
const Decision = z.object({ t: LinkToken, decision: z.enum(["approve", "decline"]) });

const css = await readAsset(new URL("../pages/assets/bank.css", import.meta.url));
const script = await readAsset(new URL("../pages/assets/challenge-done.js", import.meta.url));

/** The payer's 3-D Secure page: a plain form, so that it works wherever a bank's page would. */
export function challengeRoutes({ sql, config, wake }: Services): Hono<AppEnv> {
  return new Hono<AppEnv>()
    .get("/3ds/:id", async (c) => {
      await expireChallenges(sql);
      const token = check(c.req.query("t"), LinkToken);
      const challenge = await openChallenge({ sql, id: readId(c, "id"), token });
      const { returnOrigin, origins } = challenge;
      const frameAncestors = [...(returnOrigin ? [returnOrigin] : []), ...(origins ?? config.frameAncestors)];
      setPageHeaders(c, frameAncestors);
      return c.html(challengePage({ challenge, css, script }));
    })
    .post("/3ds/:id", async (c) => {
      const { t, decision } = await readForm(c, Decision);
      const id = readId(c, "id");
      await decideChallenge({ sql, id, token: t, approve: decision === "approve" });
      wake();
      return c.redirect(`/3ds/${id}?t=${t}`, 303);
    })
    .get("/v/:address/bank.css", (c) => sendAsset(c, css, "text/css"))
    .get("/v/:address/challenge-done.js", (c) => sendAsset(c, script, "text/javascript"));
}
