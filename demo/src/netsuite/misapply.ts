import { Hono } from "hono";
import { z } from "zod";
import type { ErpEnv } from "../shared/faults.ts";

/**
 * A script of the account's own, a workflow or an invoice changed in the same moment: the next payments are
 * saved, and their first invoice is not applied. Whoever takes a 204 for all that was asked is wrong.
 */
export class Misapply {
  #remaining = 0;

  take(): boolean {
    if (this.#remaining === 0) return false;
    this.#remaining -= 1;
    return true;
  }

  /** `POST /demo/misapply` `{"remaining": n}`. */
  routes(): Hono<ErpEnv> {
    return new Hono<ErpEnv>().post("/demo/misapply", async (c) => {
      const wanted = z
        .object({ remaining: z.number().int().min(0) })
        .safeParse(await c.req.json().catch(() => null));
      if (!wanted.success) return c.json({ error: z.prettifyError(wanted.error) }, 400);
      this.#remaining = wanted.data.remaining;
      return c.body(null, 204);
    });
  }
}
