import type { Context } from "../context/context.ts";
import { within } from "../context/within.ts";

/** What is done at each tenant now and then, beside the sweep. */
export interface Chore {
  readonly name: string;
  readonly everyMs: number;
  /** Waited for this long; the next chore's turn comes then. Default 60,000. */
  readonly longestMs?: number;
  run(ctx: Context): Promise<unknown>;
}

const defaultLongestMs = 60_000;
/** One that failed is tried again after this long, or after its own pause where that is shorter, ms. */
const retryMs = 60_000;

/** Which chores are due at which tenant; remembered by this process alone, so each is done at its start too. */
export function createChores(chores: readonly Chore[]): {
  /** A chore that fails is logged and due again; one that does not end is passed over until it does. */
  visit(ctx: Context): Promise<void>;
  forget(tenantId: string): void;
} {
  const turns = new Map<string, Map<Chore, { dueAt: number; running: boolean }>>();
  return {
    async visit(ctx) {
      const known = turns.get(ctx.tenant.id) ?? new Map<Chore, { dueAt: number; running: boolean }>();
      turns.set(ctx.tenant.id, known);
      for (const chore of chores) {
        const turn = known.get(chore) ?? { dueAt: 0, running: false };
        known.set(chore, turn);
        if (turn.running || turn.dueAt > Date.now()) continue;
        turn.running = true;
        const running = chore.run(ctx).finally(() => {
          turn.running = false;
        });
        try {
          await within(chore.longestMs ?? defaultLongestMs, running);
          turn.dueAt = Date.now() + chore.everyMs;
        } catch (error) {
          turn.dueAt = Date.now() + Math.min(chore.everyMs, retryMs);
          ctx.log.warn({ err: error, chore: chore.name }, "a chore failed");
        }
      }
    },
    forget: (tenantId) => turns.delete(tenantId),
  };
}
