import type { MiddlewareHandler } from "hono";
import { openRefusals } from "../guards/cors.ts";
import type { EdgeEnv } from "../http/env.ts";
import { addressOf, pageOf } from "../limits/rate-classes.ts";
import type { RateLimit } from "../limits/rate-limit.ts";
import type { Hosts } from "../upstream/hosts.ts";
import { answerFrontDoor } from "./front-door.ts";

/** Hosts no tenant can have: the operator's own view of this process. */
const bareHosts = new Set(["127.0.0.1", "localhost", "[::1]"]);

/** Whose host it is, and where its requests go; a bare address shows the front door. */
export function findTenant(options: {
  hosts: Hosts;
  limit: RateLimit;
  frontDoorUrl: string | null;
  now: () => number;
}): MiddlewareHandler<EdgeEnv> {
  const { hosts, limit, frontDoorUrl, now } = options;
  return async (c, next) => {
    const address = c.get("address");
    if (bareHosts.has(c.get("hostname"))) {
      await limit.count(pageOf(address));
      return answerFrontDoor(c, frontDoorUrl);
    }
    const beforeAsk = () => limit.count(addressOf("host", address));
    const input = { hostname: c.get("hostname"), requestId: c.get("requestId") };
    const host = await hosts.resolve({ ...input, beforeAsk }).catch(async (error) => {
      const preflight = openRefusals(c, now);
      await limit.count(pageOf(address));
      if (preflight) return preflight;
      throw error;
    });
    if (host instanceof Response) return host;
    c.set("host", host);
    c.set("home", {
      upstream: host.upstream,
      findAgain: async () => (await hosts.resolveAgain(input)).upstream,
    });
    await next();
  };
}
