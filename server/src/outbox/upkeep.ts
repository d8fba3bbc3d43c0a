import type { Logger } from "pino";

/** Tenants looked after at once. One whose chore does not end keeps its place until the chore's time is over. */
const atOnce = 4;

export interface Upkeep {
  /** Look after this tenant when there is a place; asked for while it waits or is looked after, once. */
  ask(tenantId: string): void;
  /** Ends when those under way have. */
  stop(): Promise<void>;
}

/**
 * Chores and metrics, beside the sweep: they may be slow, fail or hang, and no work that is due waits for them.
 *
 * @param input.lookAfter one tenant's
 */
export function createUpkeep(input: { lookAfter(tenantId: string): Promise<void>; log: Logger }): Upkeep {
  const waiting = new Set<string>();
  const underWay = new Map<string, Promise<void>>();
  let stopped = false;

  const next = () => {
    for (const tenantId of waiting) {
      if (stopped || underWay.size >= atOnce) return;
      waiting.delete(tenantId);
      const looking = input
        .lookAfter(tenantId)
        .catch((error) => input.log.warn({ err: error, tenantId }, "looking after a tenant failed"))
        .finally(() => {
          underWay.delete(tenantId);
          next();
        });
      underWay.set(tenantId, looking);
    }
  };

  return {
    ask(tenantId) {
      if (!underWay.has(tenantId)) waiting.add(tenantId);
      next();
    },
    async stop() {
      stopped = true;
      await Promise.all(underWay.values());
    },
  };
}
