import type { MiddlewareHandler } from "hono";
import type { ErpEnv } from "../shared/faults.ts";
import { tooManyRequests } from "./errors.ts";

/**
 * The account's limit: all integrations share it, and what comes above it is refused at once, not
 * queued. Standard accounts have 5.
 */
export function concurrencyLimit(limit: number): MiddlewareHandler<ErpEnv> {
  let running = 0;
  return async (c, next) => {
    if (running >= limit) return tooManyRequests(c);
    running += 1;
    try {
      await next();
    } finally {
      running -= 1;
    }
  };
}
