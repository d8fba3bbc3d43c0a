import { Hono } from "hono";
import { lookUpBin } from "../cards/bins.ts";
import { createToken } from "../cards/tokens.ts";
import { ApiError } from "../errors.ts";
import type { AppEnv, Services } from "./app-env.ts";
import { byPublishableKey, fromOrigin } from "./guards.ts";
import { CardBody, readJson } from "./read.ts";

/** What the card frame calls with the publishable key. No CORS: other origins read nothing. */
export function browserRoutes({ sql, config }: Services): Hono<AppEnv> {
  const guard = byPublishableKey(sql);
  return new Hono<AppEnv>()
    .get("/bins/:bin", guard, (c) => {
      const bin = c.req.param("bin");
      if (!/^\d{8}$/.test(bin)) throw new ApiError("invalid_bin", "a BIN here is the first 8 digits");
      return c.json(lookUpBin(bin));
    })
    .post("/tokens", fromOrigin(config.publicOrigin), guard, async (c) => {
      const input = await readJson(c, CardBody);
      const { id, brand, funding, last4 } = await createToken({ sql, account: c.var.account, input });
      return c.json({ token: id, brand, funding, last4 }, 201);
    });
}
