import type { EdgeRow } from "@clarity/server/contract";
import type { MiddlewareHandler } from "hono";
import type { EdgeEnv } from "../http/env.ts";
import { createRateClasses } from "../limits/rate-classes.ts";
import { type AuthenticateOptions, authenticate, counted, proveKey } from "./authenticate.ts";
import { cors } from "./cors.ts";
import { onLoopback } from "./loopback.ts";
import { fromOwnPage, signedIn } from "./portal.ts";

/** What stands before a row's handler, made of its guard and rate class. */
export type Guards = (row: EdgeRow) => MiddlewareHandler<EdgeEnv>[];

/** A guard that a row names and nobody has written does not compile. */
export function createGuards(options: AuthenticateOptions & { now: () => number }): Guards {
  const rates = createRateClasses(options.limit);
  const ofPages = cors({ preflights: rates.anybody, now: options.now });
  return (row) => {
    switch (row.guard) {
      case "public":
      case "webhook":
        return [counted(rates[row.rate])];
      case "loopback":
        return [onLoopback];
      case "key":
        return [ofPages, counted(rates[row.rate]), proveKey(options)];
      case "page":
        return [fromOwnPage(rates[row.rate])];
      case "user":
        return [signedIn(options.limit, rates[row.rate])];
      case "session":
        return [ofPages, authenticate(options, { rate: rates[row.rate], renews: "renews" in row })];
    }
  };
}
