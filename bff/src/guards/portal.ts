import type { MiddlewareHandler } from "hono";
import { addHeaders } from "../http/answer.ts";
import type { EdgeContext, EdgeEnv } from "../http/env.ts";
import { Refusal } from "../http/refusal.ts";
import { addressOf, type PayerCounting, type StrangerCounting } from "../limits/rate-classes.ts";
import type { RateLimit } from "../limits/rate-limit.ts";
import { digestOf, isCsrfToken, readCookie } from "../portal/cookie.ts";

/**
 * A page of this very host sent it. `Origin` comes with every request that is no GET, from all browsers of ten years;
 * nothing in a page can set it. @throws Refusal `scope_missing`
 */
function requireOwnOrigin(c: EdgeContext): void {
  if (c.req.header("origin") === c.get("origin")) return;
  throw new Refusal("scope_missing", { detail: "changes are taken from the portal's own pages" });
}

/** Signed in or not: for signing in. Counted as strangers are, few of them. */
export const fromOwnPage =
  (rate: StrangerCounting): MiddlewareHandler<EdgeEnv> =>
  async (c, next) => {
    addHeaders(c, { "cache-control": "no-store" });
    const caller = { host: c.get("host"), address: c.get("address") };
    await rate.ahead(caller);
    requireOwnOrigin(c);
    c.set("turn", () => rate.turn(caller));
    await next();
    if (c.res.ok) await rate.judged(caller);
  };

/**
 * Who has signed in: a cookie, and for a change the page's own origin and its token. Whether the cookie is any good the
 * server says, which alone has the tenant's database; those that are not count against the address.
 */
export const signedIn =
  (limit: RateLimit, rate: PayerCounting): MiddlewareHandler<EdgeEnv> =>
  async (c, next) => {
    addHeaders(c, { "cache-control": "no-store", vary: "cookie" });
    const guesses = addressOf("cookie", c.get("address"));
    const cookie = readCookie(c);
    if (cookie === null) {
      await limit.count(guesses);
      throw new Refusal("token_missing");
    }
    await limit.refuseSpent(guesses);
    const session = digestOf(cookie);
    const caller = { host: c.get("host"), session };
    await rate.ahead(caller);
    if (c.req.method !== "GET") {
      requireOwnOrigin(c);
      if (!isCsrfToken(c.req.header("x-csrf-token"), cookie)) {
        throw new Refusal("scope_missing", { detail: "the page's token is missing" });
      }
    }
    c.set("portal", { cookie, digest: session });
    await next();
    await (c.res.status === 401 ? limit.charge(guesses) : rate.judged(caller));
  };
