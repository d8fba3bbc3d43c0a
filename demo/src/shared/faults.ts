import type { HttpBindings } from "@hono/node-server";
import { type Context, Hono, type MiddlewareHandler } from "hono";
import { z } from "zod";

const FaultMode = z.enum(["none", "error_503", "throttle", "lose_answer", "slow"]);

/** What goes wrong next: `mode` for the next `remaining` requests that fit `on`, then nothing. */
export const Fault = z.object({
  mode: FaultMode,
  remaining: z.number().int().min(0).max(10_000).default(1),
  on: z.enum(["any", "read", "write"]).default("any"),
});
export type Fault = z.infer<typeof Fault>;

export type ErpEnv = { Bindings: Partial<HttpBindings> };

/** What this ERP answers when it is down or busy: the shapes differ. */
export interface FaultAnswers {
  unavailable(c: Context): Response;
  throttled(c: Context): Response;
  /** `slow` waits this long, ms. */
  slowMs: number;
}

/** The switches of one stand-in; lost on restart, as nothing should stay broken by surprise. */
export class Faults {
  #fault: Fault = { mode: "none", remaining: 0, on: "any" };
  readonly #answers: FaultAnswers;

  constructor(answers: FaultAnswers) {
    this.#answers = answers;
  }

  /** `GET` and `POST /demo/faults`. */
  routes(): Hono<ErpEnv> {
    return new Hono<ErpEnv>()
      .get("/demo/faults", (c) => c.json(this.#fault))
      .post("/demo/faults", async (c) => {
        const fault = Fault.safeParse(await c.req.json().catch(() => null));
        if (!fault.success) return c.json({ error: z.prettifyError(fault.error) }, 400);
        this.#fault = fault.data;
        return c.json(this.#fault);
      });
  }

  /** Goes before the routes that may fail. `kind` says whether a request reads or writes. */
  middleware(kind: (c: Context) => "read" | "write"): MiddlewareHandler<ErpEnv> {
    return async (c, next) => {
      switch (this.#take(kind(c))) {
        case "error_503":
          return this.#answers.unavailable(c);
        case "throttle":
          return this.#answers.throttled(c);
        case "slow":
          await new Promise((resolve) => setTimeout(resolve, this.#answers.slowMs));
          return next();
        case "lose_answer":
          await next();
          c.env.incoming?.socket.destroy();
          return;
        default:
          return next();
      }
    };
  }

  #take(kind: "read" | "write"): Fault["mode"] {
    const fault = this.#fault;
    if (fault.mode === "none" || fault.remaining === 0) return "none";
    // A read done twice shows nothing: a lost answer matters where something was written.
    const on = fault.mode === "lose_answer" && fault.on === "any" ? "write" : fault.on;
    if (on !== "any" && on !== kind) return "none";
    fault.remaining -= 1;
    return fault.mode;
  }
}
