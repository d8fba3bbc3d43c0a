import { type EdgeRoute, routes } from "@clarity/server/contract";
import type { MiddlewareHandler } from "hono";
import { addHeaders, answer } from "../http/answer.ts";
import type { EdgeContext, EdgeEnv } from "../http/env.ts";
import type { StrangerCounting } from "../limits/rate-classes.ts";

/** What a page may read of an answer beside the body: of `date`, when a proof has to say that it was made. */
const exposed = "date, retry-after, x-request-id, www-authenticate";
const read = ["authorization", "content-type", "dpop", "x-request-id"];
/** Field names (RFC 9110 §5.6.2) as browsers list them; what is longer than traces and their like need is left out. */
const fieldNames = /^[\w!#$%&'*+.^`|~, -]{1,1000}$/;
/** What a page may ask with: the methods of every row that a form calls. */
const methods = [
  ...new Set(
    Object.values<EdgeRoute>(routes.edge)
      .filter(({ guard }) => guard === "key" || guard === "session")
      .map(({ method }) => method),
  ),
]
  .sort()
  .join(", ");
/** Browsers cap this at 2 h; seconds. */
const maxAgeS = 7200;

/** Paths of the rows that forms ask. */
const ofForms = new RegExp(
  `^(${Object.values<EdgeRoute>(routes.edge)
    .filter(({ guard }) => guard === "key" || guard === "session")
    .map(({ path }) => path.replaceAll(/\{\w+\}/g, "[^/]+"))
    .join("|")})$`,
);

/**
 * Where no tenant is served there are no embed origins to know, and what is said is no secret: any page may read that
 * its seller is suspended, and so say it. @returns an answer for a preflight, so that the page comes to ask
 */
export function openRefusals(c: EdgeContext, now: () => number): Response | null {
  if (!ofForms.test(c.req.path)) return null;
  const date = new Date(now()).toUTCString();
  const open = { "access-control-allow-origin": "*", "access-control-expose-headers": exposed };
  addHeaders(c, { ...open, date, "cache-control": "no-store" });
  if (c.req.method !== "OPTIONS") return null;
  const headers = allowed(c.req.header("access-control-request-headers") ?? "");
  addHeaders(c, { "access-control-allow-methods": methods, "access-control-allow-headers": headers });
  return answer(c, null, 204);
}

/**
 * For the API: nothing is stored, and CORS for exactly the tenant's embed origins and the edge's own. Other pages get
 * their answer without the header that would let them read it, and no preflight of theirs succeeds.
 *
 * Every answer says when it was made, by the clock that judges proofs: a browser whose own is wrong goes by it. A
 * `DPoP-Nonce` (RFC 9449 §8) would say the same and cost each first request of a session a second round trip; this
 * way the window for proofs and the memory of used ones are as they were.
 *
 * @param preflights whose share they are counted against
 */
export const cors =
  ({ preflights, now }: { preflights: StrangerCounting; now: () => number }): MiddlewareHandler<EdgeEnv> =>
  async (c, next) => {
    const origin = c.req.header("origin");
    const date = new Date(now()).toUTCString();
    addHeaders(c, { vary: "origin", "cache-control": "no-store", date });
    if (origin !== undefined && (origin === c.get("origin") || c.get("host").embedOrigins.includes(origin))) {
      addHeaders(c, { "access-control-allow-origin": origin, "access-control-expose-headers": exposed });
      if (c.req.method === "OPTIONS") {
        addHeaders(c, {
          "access-control-allow-methods": methods,
          "access-control-allow-headers": allowed(c.req.header("access-control-request-headers") ?? ""),
          "access-control-max-age": String(maxAgeS),
        });
      }
    }
    if (c.req.method === "OPTIONS") {
      await preflights.ahead({ host: c.get("host"), address: c.get("address") });
      return answer(c, null, 204);
    }
    await next();
  };

/** Pages wrap `fetch` and add headers of their own, for traces or against forgery: they may come, and are not read. */
function allowed(asked: string): string {
  const more = fieldNames.test(asked) ? asked.toLowerCase().split(/ *, */) : [];
  return [...new Set([...read, ...more])].filter(Boolean).join(", ");
}
