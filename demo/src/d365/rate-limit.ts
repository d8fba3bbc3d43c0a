import type { MiddlewareHandler } from "hono";
import type { ErpEnv } from "../shared/faults.ts";
import { throttled } from "./errors.ts";

export interface RateLimit {
  /** Requests in a window; F&O allows 6,000 in 5 min. */
  requests: number;
  windowMs: number;
}

/** Service protection: beyond the limit 429, with the seconds until the window ends as `Retry-After`. */
export function rateLimit({ requests, windowMs }: RateLimit, now = Date.now): MiddlewareHandler<ErpEnv> {
  let windowEnds = 0;
  let used = 0;
  return async (c, next) => {
    if (now() >= windowEnds) {
      windowEnds = now() + windowMs;
      used = 0;
    }
    used += 1;
    if (used > requests) return throttled(c, Math.max(1, Math.ceil((windowEnds - now()) / 1000)));
    return next();
  };
}
