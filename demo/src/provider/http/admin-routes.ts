import { Hono } from "hono";
import { openAccount } from "../accounts/accounts.ts";
import { readFault, setFault } from "../faults/faults.ts";
import type { AppEnv, Services } from "./app-env.ts";
import { byAdminKey } from "./guards.ts";
import { AccountBody, FaultBody, readJson } from "./read.ts";

/** What whoever runs the sandbox calls with the admin key. */
export function adminRoutes({ sql, config }: Services): Hono<AppEnv> {
  const guard = byAdminKey(config.adminKey);
  return new Hono<AppEnv>()
    .post("/accounts", guard, async (c) => {
      const { id, secretKey, publishableKey, webhookSecret } = await openAccount({
        sql,
        input: await readJson(c, AccountBody),
      });
      return c.json({ id, secretKey, publishableKey, webhookSecret });
    })
    .get("/faults", guard, async (c) => c.json(await readFault(sql)))
    .post("/faults", guard, async (c) => {
      await setFault({ sql, input: await readJson(c, FaultBody) });
      return c.json(await readFault(sql));
    });
}
