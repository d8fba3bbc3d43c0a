import type { MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { EdgeEnv } from "./env.ts";
import { Refusal } from "./refusal.ts";

/** @param maxSize bytes of a request body, counted while it arrives when its length is not announced */
export const limitBody = (maxSize: number): MiddlewareHandler<EdgeEnv> =>
  bodyLimit({
    maxSize,
    onError: () => {
      throw new Refusal("body_too_large");
    },
  });

/** JSON as it is: nothing else, and nothing compressed, so that small stays small. */
export const requireJson: MiddlewareHandler<EdgeEnv> = async (c, next) => {
  const type = c.req.header("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (type !== "application/json" || c.req.header("content-encoding") !== undefined) {
    throw new Refusal("unsupported_media_type");
  }
  await next();
};
