import { Hono } from "hono";
import { z } from "zod";
import type { ErpEnv } from "../shared/faults.ts";

/** An extension of the environment's own drops the mark of the next lines, and says 201 all the same. */
class Unmarking {
  #remaining = 0;

  take(): boolean {
    if (this.#remaining === 0) return false;
    this.#remaining -= 1;
    return true;
  }

  /** `POST /demo/unmark` `{"remaining": n}`. */
  routes(): Hono<ErpEnv> {
    return new Hono<ErpEnv>().post("/demo/unmark", async (c) => {
      const wanted = z
        .object({ remaining: z.number().int().min(0) })
        .safeParse(await c.req.json().catch(() => null));
      if (!wanted.success) return c.json({ error: z.prettifyError(wanted.error) }, 400);
      this.#remaining = wanted.data.remaining;
      return c.body(null, 204);
    });
  }
}

/** One environment a process. */
export const unmarking = new Unmarking();
