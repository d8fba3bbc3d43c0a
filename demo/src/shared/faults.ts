import type { HttpBindings } from "@hono/node-server";
import { type Context, Hono, type MiddlewareHandler, type Next } from "hono";
import { z } from "zod";

const FaultMode = z.enum(["none", "error_503", "throttle", "lose_answer", "slow"]);

/** What goes wrong next: `mode` for the next `remaining` requests that fit `on`, then nothing. */
export const Fault = z.object({
  mode: FaultMode,
  remaining: z.number().int().min(0).max(10_000).default(1),
  on: z.enum(["any", "read", "write"]).default("any"),
  /** `slow`: how long the request waits before it is worked off, ms. Default: the ERP's own `slowMs`. */
  ms: z.number().int().min(0).max(300_000).optional(),
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
  /** Writings since they were last counted from nought, heard by who sent them or not. */
  #writes = { begun: 0, ended: 0 };

  constructor(answers: FaultAnswers) {
    this.#answers = answers;
  }

  /** `GET` and `POST /demo/faults`; `GET /demo/writes`, `POST` to count anew. */
  routes(): Hono<ErpEnv> {
    return new Hono<ErpEnv>()
      .get("/demo/writes", (c) => c.json(this.#writes))
      .post("/demo/writes", (c) => {
        this.#writes = { begun: 0, ended: 0 };
        return c.json(this.#writes);
      })
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
      if (kind(c) === "read") return this.#strike(c, next, "read");
      const count = this.#writes;
      count.begun += 1;
      const answer = await this.#strike(c, next, "write");
      count.ended += 1;
      return answer;
    };
  }

  async #strike(c: Context<ErpEnv>, next: Next, kind: "read" | "write"): Promise<Response | undefined> {
    const { ms } = this.#fault;
    switch (this.#take(kind)) {
      case "error_503":
        return this.#answers.unavailable(c);
      case "throttle":
        return this.#answers.throttled(c);
      case "slow":
        // Worked off all the same when the caller has gone away meanwhile: that is what ERPs do.
        await new Promise((resolve) => setTimeout(resolve, ms ?? this.#answers.slowMs));
        await next();
        return;
      case "lose_answer":
        await next();
        c.env.incoming?.socket.destroy();
        return;
      default:
        await next();
        return;
    }
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
