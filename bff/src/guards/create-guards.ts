import type { EdgeRow } from "@clarity/server/contract";
import type { MiddlewareHandler } from "hono";
import type { EdgeEnv } from "../http/env.ts";
import { type AnybodyCounting, createRateClasses } from "../limits/rate-classes.ts";
import { type AuthenticateOptions, authenticate, proveKey } from "./authenticate.ts";
import { cors } from "./cors.ts";
import { onLoopback } from "./loopback.ts";

/** What stands before a row's handler, made of its guard and rate class. */
export type Guards = (row: EdgeRow) => MiddlewareHandler<EdgeEnv>[];

/** A guard that a row names and nobody has written does not compile. */
export function createGuards(options: AuthenticateOptions): Guards {
  const rates = createRateClasses(options.limit);
  return (row) => {
    switch (row.guard) {
      case "public":
      case "webhook":
        return row.rate === "uncounted" ? [] : [counted(rates[row.rate])];
      case "loopback":
        return [onLoopback];
      case "key":
        return [cors, proveKey(options, rates[row.rate])];
      case "session":
        return [cors, authenticate(options, rates[row.rate])];
    }
  };
}

const counted =
  (rate: AnybodyCounting): MiddlewareHandler<EdgeEnv> =>
  async (c, next) => {
    const caller = { host: c.get("host") };
    await rate.ahead(caller);
    await rate.passed(caller);
    await next();
  };
