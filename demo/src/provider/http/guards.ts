import { createHash, timingSafeEqual } from "node:crypto";
import { type Account, accountByPublishableKey, accountBySecretKey } from "../accounts/accounts.ts";
import type { Sql } from "../database/database.ts";
import { ApiError } from "../errors.ts";
import type { Call, Guard } from "./app-env.ts";

/** The merchant's server: `Authorization: Bearer sk_…`. */
export const bySecretKey = (sql: Sql) => byKey("sk", (key) => accountBySecretKey(sql, key));

/** A browser: `Authorization: Bearer pk_…`. */
export const byPublishableKey = (sql: Sql) => byKey("pk", (key) => accountByPublishableKey(sql, key));

/** Whoever runs the sandbox. */
export function byAdminKey(adminKey: string): Guard {
  const expected = digest(adminKey);
  return async (c, next) => {
    if (!timingSafeEqual(digest(bearer(c)), expected)) throw unauthorized();
    await next();
  };
}

/** The hosted frame alone may send card data: browsers name the origin on every POST. */
export function fromOrigin(origin: string): Guard {
  return async (c, next) => {
    if (c.req.header("origin") !== origin) {
      throw new ApiError("forbidden_origin", "card data is taken from the hosted card frame only");
    }
    await next();
  };
}

function byKey(prefix: "sk" | "pk", find: (key: string) => Promise<Account | undefined>): Guard {
  return async (c, next) => {
    const key = bearer(c);
    const account = key.startsWith(`${prefix}_`) ? await find(key) : undefined;
    if (!account) throw unauthorized();
    c.set("account", account);
    await next();
  };
}

function bearer(c: Call): string {
  return /^Bearer ([\w-]{1,256})$/.exec(c.req.header("authorization") ?? "")?.[1] ?? "";
}

const unauthorized = () => new ApiError("unauthorized", "no such key, or a key of the wrong kind");

const digest = (text: string) => createHash("sha256").update(text).digest();
