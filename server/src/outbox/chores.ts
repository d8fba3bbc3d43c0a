import type { Context } from "../context/context.ts";

/** What the sweep does at each tenant now and then. */
export interface Chore {
  readonly name: string;
  readonly everyMs: number;
  run(ctx: Context): Promise<unknown>;
}

/** Which chores are due at which tenant; remembered by this process alone, so each is done at its start too. */
export function createChores(chores: readonly Chore[]): {
  /** A chore that fails is logged and due again; it keeps nothing else from being done. */
  visit(ctx: Context): Promise<void>;
  forget(tenantId: string): void;
} {
  const doneAt = new Map<string, Map<Chore, number>>();
  return {
    async visit(ctx) {
      const done = doneAt.get(ctx.tenant.id) ?? new Map<Chore, number>();
      doneAt.set(ctx.tenant.id, done);
      for (const chore of chores) {
        if ((done.get(chore) ?? 0) >= Date.now() - chore.everyMs) continue;
        try {
          await chore.run(ctx);
          done.set(chore, Date.now());
        } catch (error) {
          ctx.log.warn({ err: error, chore: chore.name }, "a chore failed");
        }
      }
    },
    forget: (tenantId) => doneAt.delete(tenantId),
  };
}
