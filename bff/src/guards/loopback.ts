import type { MiddlewareHandler } from "hono";
import type { EdgeEnv } from "../http/env.ts";
import { Refusal } from "../http/refusal.ts";

const loopback = new Set(["127.0.0.1", "::1", "::ffff:127.0.0.1"]);

/** Lets in who asks from this machine, by its bare address and without a proxy. To anyone else nothing is here. */
export const onLoopback: MiddlewareHandler<EdgeEnv> = async (c, next) => {
  const peer = c.env?.incoming?.socket.remoteAddress ?? "";
  const proxied = c.req.header("x-forwarded-for") !== undefined;
  if (!loopback.has(peer) || proxied || c.get("hostname") !== "127.0.0.1") throw new Refusal("not_found");
  await next();
};
